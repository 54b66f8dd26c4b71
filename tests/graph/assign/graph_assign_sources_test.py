"""Checkpoints of TensorFlow's own Saver into a graph's variables; every name accounted for."""

import os

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import CorruptCheckpointError, GraphError, RuleError
from tf1compat.graph import (
    Assigner,
    assign_checkpoint,
    initialize_uninitialized,
    query,
    rename_values,
)
from tf1compat.names import Rule
from tf1compat.testing import GraphTestCase

v1 = tf.compat.v1


def make(scope, *, parts=1):
    with v1.variable_scope(scope):
        a = v1.get_variable("w", [4, 3], use_resource=False)
        with v1.variable_scope("t", partitioner=v1.fixed_size_partitioner(parts)):
            v1.get_variable("table", [7, 2])
    return a


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Saves a trained `old` scope with a table in two parts; returns the prefix and the values."""
    with tf.Graph().as_default():
        v1.set_random_seed(1)
        kernel = make("old", parts=2)
        step = v1.train.get_or_create_global_step()
        train = v1.train.AdamOptimizer().minimize(tf.nn.l2_loss(kernel), step, [kernel])
        average = v1.train.ExponentialMovingAverage(0.9).apply([kernel])
        with v1.Session() as session:
            initialize_uninitialized(session)  # the average's value is computed from w's
            session.run([train, average])
            prefix = v1.train.Saver().save(session, str(tmp_path_factory.mktemp("old") / "m.ckpt"))
            parts = session.run(list(query().scope("old/t")))
            values = {"w": session.run(kernel), "t/table": np.concatenate(parts)}
    return prefix, values


class LoadTest(GraphTestCase):
    @pytest.fixture(autouse=True)
    def _saved(self, saved, tmp_path):
        self.prefix, self.values = saved
        self.tmp_path = tmp_path

    def test_same_names_other_partitions(self):
        make("old", parts=3)
        assigner = Assigner(query())
        self.graph.finalize()
        load = assign_checkpoint(self.session, assigner, open_checkpoint(self.prefix))
        expected = {f"old/{name}": value for name, value in self.values.items()}
        self.assert_all_equal(assigner.read(self.session), expected)
        assert load.assigned == {"old/w": "old/w", "old/t/table": "old/t/table"}
        assert load.skipped == {
            "beta1_power": "optimizer state",
            "beta2_power": "optimizer state",
            "global_step": "global step",
            "old/w/Adam": "slot Adam of old/w",
            "old/w/Adam_1": "slot Adam_1 of old/w",
            "old/w/ExponentialMovingAverage": "moving average of old/w",
        }
        assert "old/w <- old/w" in str(load)

    def test_assignment_map(self):
        make("new/net")
        assigner = Assigner(query())
        checkpoint = open_checkpoint(self.prefix)
        rules = {"old/w": "new/net/w", "old/t/": "new/net/t/"}
        assign_checkpoint(self.session, assigner, checkpoint, rules=rules)
        expected = {f"new/net/{name}": value for name, value in self.values.items()}
        self.assert_all_equal(assigner.read(self.session), expected)

    def test_moving_average_instead_of_the_variable(self):
        make("old")
        assigner = Assigner(query())
        rules = [
            Rule(r"(.*)/ExponentialMovingAverage", r"\1"),
            Rule("old/w", drop="its average is used"),
        ]
        load = assign_checkpoint(self.session, assigner, open_checkpoint(self.prefix), rules=rules)
        average = tf.train.load_variable(self.prefix, "old/w/ExponentialMovingAverage")
        self.assert_all_equal(assigner.read(self.session)["old/w"], average)
        assert load.skipped["old/w"] == "its average is used"

    def test_fine_tuning_keeps_and_drops(self):
        make("old")
        v1.get_variable("head/w", [3], initializer=v1.ones_initializer())
        assigner = Assigner(query())
        self.initialize()
        rules = [
            Rule("old/t/.*", drop="not used"),
            Rule(target="head/.*|old/t/.*", keep="trained anew"),
        ]
        load = assign_checkpoint(self.session, assigner, open_checkpoint(self.prefix), rules=rules)
        found = assigner.read(self.session)
        self.assert_all_equal(found["old/w"], self.values["w"])
        self.assert_all_equal(found["head/w"], np.ones(3))
        assert load.kept == {"old/t/table": "trained anew", "head/w": "trained anew"}

    def test_everything_unaccounted_for_at_once(self):
        with v1.variable_scope("old"):
            v1.get_variable("w", [3, 4])
            v1.get_variable("wx", [1])
        assigner = Assigner(query())
        with pytest.raises(GraphError) as caught:
            assign_checkpoint(self.session, assigner, open_checkpoint(self.prefix))
        lines = str(caught.value).splitlines()
        assert lines[0] == f"3 problem(s) with {self.prefix}; nothing was written"
        assert lines[1].startswith("  old/t/table: expected a variable to go to, found none")
        assert lines[2].startswith("  old/wx: expected a value in the checkpoint, found none")
        assert lines[3].startswith("  old/w: expected shape (3, 4), found shape (4, 3)")
        assert assigner.initialized(self.session) == frozenset()

    def test_dtypes_by_policy(self):
        with v1.variable_scope("old"):
            v1.get_variable("w", [4, 3], tf.float64)
            v1.get_variable("t/table", [7, 2], tf.float16)
        checkpoint = open_checkpoint(self.prefix)
        with pytest.raises(GraphError, match=r"old/w: expected dtype float64, found dtype float32"):
            assign_checkpoint(self.session, Assigner(query()), checkpoint)
        with pytest.raises(GraphError, match=r"1 problem(.|\n)*table: expected dtype float16"):
            assign_checkpoint(self.session, Assigner(query(), casts="widening"), checkpoint)
        lossless = Assigner(query(), casts="lossless")
        with pytest.raises(GraphError, match="values that don't convert; nothing was written"):
            assign_checkpoint(self.session, lossless, checkpoint)
        assert lossless.initialized(self.session) == frozenset()
        rounding = Assigner(query(), casts="rounding")
        assign_checkpoint(self.session, rounding, checkpoint)
        found = rounding.read(self.session)
        self.assert_all_equal(found["old/w"], self.values["w"].astype(np.float64))
        self.assert_all_equal(found["old/t/table"], self.values["t/table"].astype(np.float16))

    def test_damage_is_found_before_anything_is_written(self):
        for name in os.listdir(os.path.dirname(self.prefix)):
            path = os.path.join(os.path.dirname(self.prefix), name)
            with open(path, "rb") as file:
                data = bytearray(file.read())
            if ".data-" in name:
                data[::16] = bytes(len(data[::16]))
            (self.tmp_path / name).write_bytes(data)
        make("old")
        assigner = Assigner(query())
        damaged = open_checkpoint(self.tmp_path / "m.ckpt")
        with pytest.raises(CorruptCheckpointError, match=r"nothing was written(.|\n)*old/"):
            assign_checkpoint(self.session, assigner, damaged)
        assert assigner.initialized(self.session) == frozenset()

    def test_rules_that_do_nothing(self):
        make("old")
        rules = {"odl/": "old/"}
        message = r"odl/.*: expected a source that the whole pattern matches, found none"
        with pytest.raises(GraphError, match=message):
            assign_checkpoint(
                self.session, Assigner(query()), open_checkpoint(self.prefix), rules=rules
            )


def test_rename_values_checks_targets():
    values = {"dense/kernel": 1, "dense/bias": 2}
    assert rename_values(values, [Rule("dense/(.*)", r"fc/\1")]) == {"fc/kernel": 1, "fc/bias": 2}
    with pytest.raises(RuleError, match="fc/kernel"):
        rename_values(values, {"dense/": "fc/"}, targets=["f/kernel", "f/bias"])
    with pytest.raises(GraphError, match="two values for one name"):
        rename_values({"a": 1, "b": 2}, {"a": "b"})
