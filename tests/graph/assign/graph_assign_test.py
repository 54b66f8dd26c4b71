"""The assigner: every value checked, one run, no node, whatever the variable's kind."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from shares import WHOLE

from tf1compat.errors import GraphError, UnknownNameError, UsageError
from tf1compat.graph import Assigner, query
from tf1compat.testing import GraphTestCase, assert_arrays_equal

v1 = tf.compat.v1


def make_variables():
    """Makes a reference, a resource, a partitioned, an int, a string and a bfloat16 variable."""
    with v1.variable_scope("net"):
        v1.get_variable("ref", [2, 3], use_resource=False)
        v1.get_variable("res", [2, 3], use_resource=True)
        with v1.variable_scope("t", partitioner=v1.fixed_size_partitioner(3)):
            v1.get_variable("table", [7, 2], use_resource=False)
            v1.get_variable("rtable", [7, 2], use_resource=True)
        zeros = v1.zeros_initializer()
        v1.get_variable("step", [], tf.int64, initializer=zeros, use_resource=True)
        v1.get_variable(
            "words",
            [2],
            tf.string,
            initializer=v1.constant_initializer([b"", b""], dtype=tf.string),
            use_resource=False,
        )
        v1.get_variable("half", [2], tf.bfloat16, initializer=zeros, use_resource=True)


def make_values(seed=0):
    rng = np.random.default_rng(seed)
    return {
        "net/ref": rng.normal(size=[2, 3]).astype(np.float32),
        "net/res": rng.normal(size=[2, 3]).astype(np.float32),
        "net/t/table": rng.normal(size=[7, 2]).astype(np.float32),
        "net/t/rtable": rng.normal(size=[7, 2]).astype(np.float32),
        "net/step": np.int64(2**40 + 1),
        "net/words": np.array([b"a\0b", b"c"], object),
        "net/half": np.array([1.5, 2.5]).astype(tf.bfloat16.as_numpy_dtype),
    }


class AssignTest(GraphTestCase):
    def setUp(self):
        super().setUp()
        make_variables()
        self.assigner = Assigner(query(self.graph))

    def plain_read(self, name):
        """Reads without the code under test: parts joined by numpy along the first axis."""
        found = [v for v in v1.global_variables() if v.op.name == name]
        parts = [v for v in v1.global_variables() if v.op.name.startswith(name + "/part_")]
        values = self.session.run(found + parts)
        return values[0] if found else np.concatenate(values)

    def test_names_are_the_saver_s(self):
        saved = {v.op.name for v in v1.global_variables() if "part" not in v.op.name}
        assert set(self.assigner.names) == saved | {"net/t/table", "net/t/rtable"}
        assert self.assigner.names[:3] == ("net/ref", "net/res", "net/t/table")

    def test_assigns_every_kind_on_a_finalized_graph(self):
        self.graph.finalize()
        for seed in range(2):
            values = make_values(seed)
            self.assigner.assign(self.session, values)
            for name, value in values.items():
                found = self.plain_read(name)
                assert_arrays_equal(found, value)
                assert found.dtype == np.asarray(value).dtype
            self.assert_all_equal(self.assigner.read(self.session), values)

    def test_no_value_enters_the_graph(self):
        operations = self.graph.get_operations()
        added = [op.type for op in operations if op.name.startswith("assigner")]
        assert added
        assert "Const" not in added

    def test_assigning_initializes(self):
        assert self.assigner.initialized(self.session) == frozenset()
        self.assigner.assign_some(self.session, {"net/res:0": np.zeros([2, 3], np.float32)})
        assert self.assigner.initialized(self.session) == {"net/res"}

    def test_everything_wrong_in_one_error_and_nothing_written(self):
        before = make_values()
        self.assigner.assign(self.session, before)
        values = make_values(1)
        values["net/ref"] = values["net/ref"].T
        values["net/res"] = values["net/res"].astype(np.float64)
        values["net/t/table"] = values["net/t/table"][:6]
        values["net/stepp"] = values.pop("net/step")
        values["net/words"] = np.array([1, 2])
        with pytest.raises(GraphError) as caught:
            self.assigner.assign(self.session, values)
        assert str(caught.value).splitlines() == [
            "6 problem(s) with the values; nothing was written",
            "  net/ref: expected shape (2, 3), found shape (3, 2); nothing is broadcast or"
            " reshaped",
            "  net/res: expected dtype float32, found dtype float64; convert it with"
            " .astype('float32'), or build with casts='lossless'",
            "  net/t/table: expected shape (7, 2), found shape (6, 2); nothing is broadcast or"
            " reshaped",
            "  net/words: expected strings, found dtype int64; give bytes or str",
            "  net/stepp: expected a variable of this assigner, found none; nearest: net/step,"
            " net/ref, net/res",
            "  net/step: expected a value of shape (), dtype int64, found none; give one, or use"
            " assign_some for a part of the variables",
        ]
        assert [p.name for p in caught.value.problems][:2] == ["net/ref", "net/res"]
        self.assert_all_equal(self.assigner.read(self.session), before)

    def test_part_by_part(self):
        table = np.arange(14, dtype=np.float32).reshape(7, 2)
        parts = {
            "net/t/table/part_0:0": table[:3],
            "net/t/table/part_1:0": table[3:5],
            "net/t/table/part_2:0": table[5:],
        }
        self.assigner.assign_some(self.session, parts)
        assert_arrays_equal(self.plain_read("net/t/table"), table)
        read = self.assigner.read(self.session, ["net/t/table", "net/t/table/part_1"])
        self.assert_all_equal(read, {"net/t/table": table, "net/t/table/part_1": table[3:5]})

    def test_a_missing_part_is_named(self):
        values = make_values()
        table = values.pop("net/t/table")
        values["net/t/table/part_0"] = table[:3]
        values["net/t/table/part_2"] = table[5:]
        with pytest.raises(GraphError, match=r"net/t/table/part_1: expected a value of shape \(2"):
            self.assigner.assign(self.session, values)

    def test_whole_and_part_together_are_ambiguous(self):
        table = np.zeros([7, 2], np.float32)
        with pytest.raises(GraphError, match="expected one value, found several for net/t/table/p"):
            self.assigner.assign_some(
                self.session, {"net/t/table": table, "net/t/table/part_1": table[3:5]}
            )
        value = np.zeros([2, 3], np.float32)
        with pytest.raises(GraphError, match="several for net/res"):
            self.assigner.assign_some(self.session, {"net/res": value, "net/res:0": value})

    def test_reading_unknown_or_uninitialized(self):
        with pytest.raises(UnknownNameError, match=r"'net/rez' is not among.*nearest: net/re[sf]"):
            self.assigner.read(self.session, ["net/rez"])
        self.assigner.assign_some(self.session, {"net/res": np.zeros([2, 3], np.float32)})
        with pytest.raises(GraphError, match=r"2 of 3 .*: net/ref, net/step; run their init"):
            self.assigner.read(self.session, ["net/ref", "net/res", "net/step"])

    def test_writing_to_the_array_afterwards_changes_nothing(self):
        # A session takes an aligned array without copying, and a resource variable keeps it.
        room = np.zeros(2 * 3 * 4 + 64, np.uint8)
        start = -room.ctypes.data % 64
        value = room[start : start + 24].view(np.float32).reshape(2, 3)
        for name in ("net/res", "net/ref"):
            value[:] = 1
            self.assigner.assign_some(self.session, {name: value})
            value[:] = 5
            assert_arrays_equal(self.plain_read(name), np.ones([2, 3], np.float32))

    def test_snapshot_and_restore(self):
        values = make_values()
        self.assigner.assign(self.session, values)
        snapshot = self.assigner.snapshot(self.session)
        self.assigner.assign(self.session, make_values(1))
        self.assert_all_equal(dict(snapshot), values)
        with pytest.raises(ValueError, match="read-only"):
            snapshot["net/ref"][0, 0] = 1
        self.assigner.restore(self.session, snapshot)
        self.assert_all_equal(self.assigner.read(self.session), values)

    def test_contexts_go_back(self):
        first, second = make_values(), make_values(1)
        self.assigner.assign(self.session, first)
        with self.assigner.preserved(self.session):
            self.assigner.assign(self.session, second)
        self.assert_all_equal(self.assigner.read(self.session), first)
        with pytest.raises(KeyError, match="training failed"):  # noqa: PT012
            with self.assigner.rolled_back_on_error(self.session):
                self.assigner.assign(self.session, second)
                raise KeyError("training failed")
        self.assert_all_equal(self.assigner.read(self.session), first)
        with self.assigner.rolled_back_on_error(self.session):
            self.assigner.assign(self.session, second)
        self.assert_all_equal(self.assigner.read(self.session), second)

    def test_built_inside_control_flow_and_devices_of_the_caller(self):
        x = tf.constant(1.0)
        with v1.device("/device:GPU:7"), tf.control_dependencies([x]), v1.name_scope("mine"):
            inner = Assigner(query(self.graph).named("net/res"))
        inner.assign(self.session, {"net/res": np.ones([2, 3], np.float32)})
        self.assert_all_equal(self.plain_read("net/res"), np.ones([2, 3], np.float32))

    def test_wrong_uses(self):
        with pytest.raises(UsageError, match="found the string 'net/res'"):
            self.assigner.read(self.session, "net/res")
        with pytest.raises(UsageError, match="expected a mapping of names to arrays, found list"):
            self.assigner.assign(self.session, [1, 2])
        with pytest.raises(UsageError, match="found none"):
            Assigner(query(self.graph).scope("elsewhere"))
        with pytest.raises(UsageError, match="expected variables"):
            Assigner([tf.constant(1.0)])
        with pytest.raises(UsageError, match=r"casts: expected one of exact.*'unsafe'"):
            Assigner(query(self.graph), casts="unsafe")
        with tf.Graph().as_default():
            other = v1.get_variable("w", [1])
            with pytest.raises(GraphError, match="several graphs: net/ref and w"):
                Assigner([*query(self.graph), other])
            with v1.Session() as session, pytest.raises(GraphError, match="another graph"):
                self.assigner.assign(session, make_values())
        closed = v1.Session(graph=self.graph)
        closed.close()
        with pytest.raises(GraphError, match="assigning failed: Attempted to use a closed"):
            self.assigner.assign(closed, make_values())
        self.graph.finalize()
        with pytest.raises(GraphError, match="finalized"):
            Assigner(query(self.graph))


class ShapelessTest(GraphTestCase):
    def test_a_variable_of_no_fixed_shape_takes_any(self):
        start = np.zeros([2, 2], np.float32)
        v1.Variable(start, validate_shape=False, name="ref", use_resource=False)
        v1.Variable(start, shape=tf.TensorShape([None, 2]), name="res", use_resource=True)
        assigner = Assigner(query())
        self.initialize()
        values = {"ref": np.ones([5], np.float32), "res": np.ones([3, 2], np.float32)}
        assigner.assign(self.session, values)
        self.assert_all_equal(assigner.read(self.session), values)
        with pytest.raises(
            GraphError, match=r"res: expected shape \(\?, 2\), found shape \(3, 1\)"
        ):
            assigner.assign_some(self.session, {"res": np.ones([3, 1], np.float32)})


class AxisTest(GraphTestCase):
    def test_parts_along_another_axis(self):
        partitioner = v1.variable_axis_size_partitioner(max_shard_bytes=48, axis=1)
        for kind in (True, False):
            with v1.variable_scope(f"resource_{kind}", use_resource=kind):
                v1.get_variable("t", [4, 7], partitioner=partitioner)
        assert len(query().scope("resource_True")) == 3
        assigner = Assigner(query())
        values = {name: self.rng.normal(size=[4, 7]).astype(np.float32) for name in assigner.names}
        assigner.assign(self.session, values)
        self.assert_all_equal(assigner.read(self.session), values)
        for kind in (True, False):
            parts = self.session.run(list(query().scope(f"resource_{kind}/t")))
            self.assert_all_equal(np.concatenate(parts, axis=1), values[f"resource_{kind}/t"])


class PiecesTest(GraphTestCase):
    def test_a_server_gets_large_tensors_in_pieces(self):
        v1.get_variable("ref", [3, 5, 2], use_resource=False)
        v1.get_variable("res", [3, 5, 2], tf.float64, use_resource=True)
        v1.get_variable("small", [2], use_resource=True)
        assigner = Assigner(query(), chunk_bytes=24)
        self.graph.finalize()
        sliced = {
            op.type: op.name for op in self.graph.get_operations() if "SliceAssign" in op.type
        }
        assert {kind: name.split("/")[1] for kind, name in sliced.items()} == {
            "StridedSliceAssign": "ref",
            "ResourceStridedSliceAssign": "res",
        }
        server = tf.distribute.Server.create_local_server()
        values = {
            "ref": self.rng.normal(size=[3, 5, 2]).astype(np.float32),
            "res": self.rng.normal(size=[3, 5, 2]),
            "small": np.ones([2], np.float32),
        }
        with v1.Session(server.target, graph=self.graph) as session:
            for _ in range(2):  # uninitialized at first
                assigner.assign(session, values)
                found = session.run(list(query()))
                self.assert_all_equal(dict(zip(query().names, found, strict=True)), values)
                self.assert_all_equal(assigner.read(session), values)
                values = {name: value + 1 for name, value in values.items()}


class MonitoredSessionTest(GraphTestCase):
    def test_a_monitored_session_will_do(self):
        v1.get_variable("w", [4], use_resource=False)
        v1.train.get_or_create_global_step()
        assigner = Assigner(query(), chunk_bytes=8)
        values = {"w": np.arange(4, dtype=np.float32), "global_step": np.int64(7)}
        with v1.train.MonitoredSession() as session:
            assigner.assign(session, values)
            self.assert_all_equal(assigner.read(session), values)
            with assigner.preserved(session):
                assigner.assign_some(session, {"w": np.ones(4, np.float32)})
            self.assert_all_equal(assigner.read(session), values)


LARGE = """
import gc
gc.disable()
import numpy as np
import tensorflow as tf
from tf1compat.graph import Assigner, query

v1 = tf.compat.v1
with tf.Graph().as_default(), v1.Session() as session:
    v1.get_variable("big", [2**29 + 3], use_resource=True)
    value = np.zeros([2**29 + 3], np.float32)  # takes no memory where nothing is written
    value[-4:] = 1, 1, 1, 7
    Assigner(query()).assign(session, {"big": value})
    del value
    print(*session.run([query()[0][-1], tf.reduce_sum(query()[0][-4:])]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not WHOLE, reason="5 GB and 5 s: TF1COMPAT_SHARES=whole")
def test_a_tensor_over_two_gigabytes():
    """In a process of its own: it takes 5 GB, which the suite's shouldn't keep."""
    done = subprocess.run(
        [sys.executable, "-c", LARGE], capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, "7.0 10.0\n"), done.stderr
