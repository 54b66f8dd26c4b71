"""Target networks and EMA shadows, against numpy's own arithmetic."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import GraphError, UsageError
from tf1compat.graph import Assigner, ScopeCopy, ShadowSwap, pair_scopes, query
from tf1compat.testing import GraphTestCase

v1 = tf.compat.v1


def make_network(scope, *, partitioner=None):
    with v1.variable_scope(scope, partitioner=partitioner):
        v1.get_variable("ref", [4, 3], use_resource=False)
        v1.get_variable("res", [4, 3], tf.float64, use_resource=True)
    with v1.variable_scope(scope):
        start = v1.zeros_initializer()
        v1.get_variable("count", [], tf.int32, initializer=start, trainable=False)
        v1.get_variable("half", [3], tf.bfloat16, initializer=start)


class ScopeCopyTest(GraphTestCase):
    def setUp(self):
        super().setUp()
        make_network("online", partitioner=v1.fixed_size_partitioner(2))
        make_network("target", partitioner=v1.fixed_size_partitioner(2))
        make_network("online1")
        self.copy = ScopeCopy(pair_scopes(self.graph, source="online", target="target"))
        self.online = Assigner(query(self.graph).scope("online"))
        self.target = Assigner(query(self.graph).scope("target"))
        self.graph.finalize()
        self.values = {
            "ref": self.rng.normal(size=[4, 3]).astype(np.float32),
            "res": self.rng.normal(size=[4, 3]),
            "count": np.int32(7),
            "half": np.array([1.0, 2.0, 3.0]).astype(tf.bfloat16.as_numpy_dtype),
        }
        self.online.assign(self.session, self.under("online", self.values))

    def under(self, scope, values):
        return {f"{scope}/{name}": value for name, value in values.items()}

    def test_copy_initializes_and_equals(self):
        self.copy.copy(self.session)
        expected = self.under("target", self.values)
        self.assert_all_equal(self.target.read(self.session), expected)
        changed = {name: np.zeros_like(value) for name, value in self.values.items()}
        self.online.assign(self.session, self.under("online", changed))
        self.assert_all_equal(self.target.read(self.session), expected)

    def test_blend_is_polyak_s(self):
        start = {name: np.zeros_like(value) for name, value in self.values.items()}
        self.target.assign(self.session, self.under("target", start))
        for step in range(1, 4):
            self.copy.blend(self.session, 0.25)
            share = 1 - 0.75**step
            found = self.target.read(self.session)
            for name in ("ref", "res"):
                self.assert_all_close(found[f"target/{name}"], self.values[name] * share, 1e-6)
            assert found["target/half"].dtype == self.values["half"].dtype
            assert found["target/count"] == 7
        self.assert_all_equal(self.online.read(self.session), self.under("online", self.values))

    def test_blend_by_one_and_nought_is_exact(self):
        start = {name: np.ones_like(value) for name, value in self.values.items()}
        self.target.assign(self.session, self.under("target", start))
        self.copy.blend(self.session, 0.0)
        self.assert_all_equal(self.target.read(self.session)["target/res"], start["res"])
        self.copy.blend(self.session, 1.0)
        expected = self.under("target", self.values)
        self.assert_all_equal(self.target.read(self.session), expected)

    def test_wrong_tau_and_uninitialized(self):
        for tau in (-0.1, 1.5, float("nan")):
            with pytest.raises(UsageError, match="tau: expected a fraction between 0 and 1"):
                self.copy.blend(self.session, tau)
        with pytest.raises(GraphError, match="blending 6 variables failed: a variable isn't init"):
            self.copy.blend(self.session, 0.5)

    def test_no_constant_holds_a_value(self):
        added = [op for op in self.graph.get_operations() if op.name.startswith("scope_copy")]
        assert added
        for op in added:
            for tensor in op.outputs:
                if op.type == "Const":
                    assert tensor.shape.num_elements() <= 4, op.name


class PairingTest(GraphTestCase):
    def test_everything_that_does_not_pair(self):
        make_network("a")
        make_network("b")
        with v1.variable_scope("a"):
            v1.get_variable("only", [1])
            v1.get_variable("unlike", [2, 3])
        with v1.variable_scope("b"):
            v1.get_variable("unlike", [3, 2])
        with pytest.raises(GraphError) as caught:
            pair_scopes(self.graph, source="a", target="b")
        assert str(caught.value).splitlines() == [
            "scopes 'a' and 'b' don't pair up",
            "  a/only: expected a counterpart b/only, found none; make it, or choose `variables`"
            " to pair",
            "  b/unlike: expected shape (2, 3), float32 as a/unlike, found shape (3, 2), float32",
        ]
        chosen = query().glob("*/ref")
        pairs = pair_scopes(self.graph, source="a", target="b", variables=chosen)
        assert [(a.op.name, b.op.name) for a, b in pairs] == [("a/ref", "b/ref")]

    def test_slots_are_left_out(self):
        for scope in ("a", "b"):
            with v1.variable_scope(scope):
                v1.get_variable("w", [2])
        v1.train.AdamOptimizer().minimize(tf.reduce_sum(query().named("a/w").one()))
        assert len(pair_scopes(self.graph, source="a", target="b")) == 1

    def test_scopes_that_make_no_sense(self):
        make_network("a")
        with pytest.raises(UsageError, match="two separate scopes"):
            pair_scopes(self.graph, source="a", target="a/b")
        with pytest.raises(GraphError, match="no variables in scopes 'x' and 'y'; scopes near: a"):
            pair_scopes(self.graph, source="x", target="y")

    def test_a_variable_both_read_and_written(self):
        a, b, c = (v1.get_variable(name, [1]) for name in "abc")
        with pytest.raises(GraphError, match="b: expected to be read or to be written, found both"):
            ScopeCopy([(a, b), (b, c)])
        with pytest.raises(GraphError, match="c: expected to be written once, found 2 times"):
            ScopeCopy([(a, c), (b, c)])
        with pytest.raises(UsageError, match="expected pairs of variables"):
            ScopeCopy([(a, tf.constant(1.0))])


class ShadowSwapTest(GraphTestCase):
    def setUp(self):
        super().setUp()
        one = v1.ones_initializer()
        self.ref = v1.get_variable("ref", [3], initializer=one, use_resource=False)
        partitioner = v1.fixed_size_partitioner(2)
        self.table = v1.get_variable("table", [3], initializer=one, partitioner=partitioner)
        self.average = v1.train.ExponentialMovingAverage(0.5)
        self.update = self.average.apply([self.ref, *self.table])
        self.train = [v.assign_add(tf.ones(v.shape), read_value=False) for v in query().trainable()]

    def run_swap(self, swap):
        everything = Assigner(query())
        self.initialize()
        self.session.run(self.train)  # 2, and the averages still 1
        self.session.run(self.update)  # averages 1.5
        before = everything.read(self.session)
        self.assert_all_close(before["ref"], 2 * np.ones(3))
        with swap.swapped_in(self.session):
            inside = everything.read(self.session)
        self.assert_all_close(inside["ref"], 1.5 * np.ones(3))
        self.assert_all_close(inside["table"], 1.5 * np.ones(3))
        self.assert_all_equal(everything.read(self.session), before)
        with pytest.raises(KeyError, match="evaluation failed"):  # noqa: PT012
            with swap.swapped_in(self.session):
                self.session.run(self.train)
                raise KeyError("evaluation failed")
        self.assert_all_equal(everything.read(self.session), before)

    def test_from_average(self):
        self.run_swap(ShadowSwap.from_average(self.average, [self.ref, self.table]))

    def test_from_names(self):
        self.run_swap(ShadowSwap.from_names(self.graph))

    def test_without_shadows(self):
        other = v1.get_variable("other", [1])
        with pytest.raises(GraphError, match="other: expected a moving average, found none"):
            ShadowSwap.from_average(self.average, [self.ref, other])
        with tf.Graph().as_default(), pytest.raises(GraphError, match="no variable of the graph"):
            ShadowSwap.from_names()
