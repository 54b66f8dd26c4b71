"""The first operation that made a NaN, in graphs where it is known which that is."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import GraphError, UsageError
from tf1compat.graph import NonFiniteFinder
from tf1compat.testing import GraphTestCase

v1 = tf.compat.v1


class FinderTest(GraphTestCase):
    def test_names_the_operation_where_it_begins(self):
        x = v1.placeholder(tf.float32, [3], name="x")
        w = v1.get_variable("w", [3], initializer=v1.ones_initializer(), use_resource=True)
        logs = tf.math.log(x, name="net/log")
        scaled = tf.multiply(logs, w, name="net/scaled")
        loss = tf.reduce_sum(scaled - scaled, name="loss")
        finder = NonFiniteFinder([loss])
        self.initialize()
        self.graph.finalize()
        fine = finder.check(self.session, {x: [1.0, 2.0, 3.0]})
        assert (bool(fine), fine.first) == (False, None)
        assert str(fine) == f"all of {len(finder.watched)} tensors are finite"
        report = finder.check(self.session, {x: [1.0, 0.0, -1.0]})
        first = report.first
        assert (first.name, first.op_type) == ("net/log", "Log")
        assert (first.nans, first.infinities, first.size) == (1, 1, 3)
        assert first.inputs == ("x",)
        assert [one.name for one in report.found] == ["net/log", "net/scaled", "sub", "loss"]
        assert str(report).splitlines()[:3] == [
            f"4 of {len(finder.watched)} tensors aren't finite; the first is",
            "  net/log (Log net/log): 1 NaN and 1 infinite of 3 elements; its inputs x are finite",
            "  net/scaled (Mul net/scaled): 1 NaN and 1 infinite of 3 elements; passed on from its"
            " inputs",
        ]

    def test_an_infinity_that_becomes_nan_begins_at_the_infinity(self):
        x = v1.placeholder(tf.float32, [], name="x")
        big = tf.exp(x, name="big")
        nothing = tf.subtract(big, big, name="nothing")
        finder = NonFiniteFinder([nothing])
        assert finder.check(self.session, {x: 1000.0}).first.name == "big"

    def test_variables_of_both_kinds(self):
        for kind in (True, False):
            name = "resource" if kind else "reference"
            v = v1.get_variable(name, [2], use_resource=kind)
            finder = NonFiniteFinder([v, tf.identity(v) * 2])
            self.session.run(v.assign([np.nan, np.inf]))
            first = finder.check(self.session).first
            assert first.name == f"variable {name}"
            assert (first.nans, first.infinities) == (1, 1)

    def test_gradients_by_variable(self):
        w = v1.get_variable("w", [2], initializer=v1.zeros_initializer())
        table = v1.get_variable("table", [3, 2], initializer=v1.zeros_initializer())
        rows = tf.nn.embedding_lookup(table, [0, 2])
        loss = tf.reduce_sum(tf.sqrt(w)) + tf.reduce_sum(tf.sqrt(rows))
        pairs = v1.train.GradientDescentOptimizer(0.1).compute_gradients(loss)
        finder = NonFiniteFinder([loss], gradients=pairs)
        self.initialize()
        report = finder.check(self.session)
        assert not any(one.name == "loss" for one in report.found)  # forward all is well
        bad = {one.name for one in report.found}
        assert {"gradient of w", "gradient of table"} <= bad
        assert report.first.op_type == "SqrtGrad"

    def test_gradients_of_a_generator(self):
        w = v1.get_variable("w", [2], initializer=v1.ones_initializer())
        gradient = tf.math.log(v1.placeholder(tf.float32, [2], name="x"), name="bad")
        finder = NonFiniteFinder([w], gradients=(pair for pair in [(gradient, w), (None, w)]))
        self.initialize()
        report = finder.check(self.session, {"x:0": [1.0, -1.0]})
        assert [one.name for one in report.found] == ["gradient of w"]
        assert report.first.nans == 1

    def test_while_loops_and_conditionals(self):
        x = v1.placeholder(tf.float32, [], name="x")
        loop = tf.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, y * y), (0, x))[1]
        chosen = tf.cond(x > 0, lambda: tf.math.log(x - 3), lambda: x)
        finder = NonFiniteFinder([loop, chosen])
        assert not finder.check(self.session, {x: 4.0})
        assert finder.check(self.session, {x: 1e9}).first.infinities == 1
        assert finder.check(self.session, {x: 1.0}).first.nans == 1

    def test_types_and_sizes(self):
        half = v1.placeholder(tf.float16, [None], name="half")
        pair = v1.placeholder(tf.complex64, [None], name="pair")
        finder = NonFiniteFinder([half * 2, pair, tf.constant(1)])
        values = [complex(np.nan, np.inf), complex(0, np.inf), 1]
        report = finder.check(self.session, {half: [60000.0], pair: values})
        found = {one.name: (one.nans, one.infinities, one.size) for one in report.found}
        assert found == {"mul": (0, 1, 1), "pair": (1, 1, 3)}
        assert not finder.check(self.session, {half: [], pair: []})

    def test_wrong_uses(self):
        x = v1.placeholder(tf.float32, [], name="x")
        finder = NonFiniteFinder([x + 1])
        with pytest.raises(GraphError, match=r"looking at variables failed.*placeholder"):
            finder.check(self.session)
        with pytest.raises(UsageError, match="found none"):
            NonFiniteFinder([])
        with pytest.raises(UsageError, match="found 'x'"):
            NonFiniteFinder(["x"])
        with pytest.raises(UsageError, match="floating point"):
            NonFiniteFinder([tf.constant(1)])
        self.graph.finalize()
        with pytest.raises(GraphError, match="finalized"):
            NonFiniteFinder([x])
