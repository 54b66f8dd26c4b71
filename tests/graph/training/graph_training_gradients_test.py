"""Multipliers of gradients and of learning rates, against arithmetic done by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import GraphError, UsageError
from tf1compat.graph import apply_with_multipliers, query, scale_gradients
from tf1compat.testing import GraphTestCase

v1 = tf.compat.v1


class MultiplierTest(GraphTestCase):
    def setUp(self):
        super().setUp()
        zeros = v1.zeros_initializer()
        self.a = v1.get_variable("a", [2], initializer=zeros)
        self.b = v1.get_variable("b", [2], initializer=zeros)
        self.table = v1.get_variable("table", [4, 2], initializer=zeros)
        self.idle = v1.get_variable("idle", [2], initializer=zeros)
        rows = tf.nn.embedding_lookup(self.table, [1, 1, 3])
        self.loss = tf.reduce_sum(3 * self.a) + tf.reduce_sum(self.b) + tf.reduce_sum(rows)
        self.optimizer = v1.train.GradientDescentOptimizer(1.0)
        self.pairs = self.optimizer.compute_gradients(self.loss)
        self.map = [
            (query().named("a"), 0.5),
            (query().named("b", "idle"), 1.0),
            (query().named("table"), 0.1),
        ]

    def test_gradients_times_multipliers(self):
        scaled = scale_gradients(self.pairs, self.map)
        assert [v is w for (_, v), (_, w) in zip(scaled, self.pairs, strict=True)] == [True] * 4
        gradients = {v.op.name: g for g, v in scaled}
        assert gradients["idle"] is None
        assert isinstance(gradients["table"], tf.IndexedSlices)
        assert gradients["b"] is {v.op.name: g for g, v in self.pairs}["b"]
        train = self.optimizer.apply_gradients(scaled)
        self.initialize()
        self.session.run(train)
        self.assert_all_close(self.a, [-1.5, -1.5])
        self.assert_all_close(self.b, [-1.0, -1.0])
        expected = np.zeros([4, 2])
        expected[1], expected[3] = -0.2, -0.1
        self.assert_all_close(self.table, expected)

    def test_nought_leaves_a_variable_alone(self):
        scaled = scale_gradients(self.pairs, [(query().named("a"), 0.0), (~query().named("a"), 1)])
        assert next(g for g, v in scaled if v is self.a) is None

    def test_learning_rates_under_adam(self):
        # Adam's first step is the learning rate itself, whatever the gradient's size.
        pairs = [(g, v) for g, v in self.pairs if g is not None]
        step = v1.train.get_or_create_global_step()
        train = apply_with_multipliers(
            v1.train.AdamOptimizer,
            pairs,
            learning_rate=0.1,
            multipliers=[
                (query().named("a"), 0.5),
                (query().named("b"), 1.0),
                (query().named("table"), 0.0),
            ],
            global_step=step,
        )
        self.initialize()
        self.session.run(train)
        self.assert_all_close(self.a, [-0.05, -0.05], 1e-5)
        self.assert_all_close(self.b, [-0.1, -0.1], 1e-5)
        self.assert_all_equal(self.table, np.zeros([4, 2]))
        assert self.evaluate(step) == 1

    def test_every_variable_must_have_one(self):
        with pytest.raises(GraphError) as caught:
            scale_gradients(
                self.pairs,
                [(query().named("a", "b"), 1.0), (query().named("b"), 2.0), ([], 3.0)],
            )
        assert str(caught.value).splitlines() == [
            "variables and multipliers don't match",
            "  multiplier 3.0: expected a variable that is trained, found none [pair 2]",
            "  b: expected one multiplier, found 1.0, 2.0; give it to one group",
            "  table: expected one multiplier, found none; give it to one group",
            "  idle: expected one multiplier, found none; give it to one group",
        ]
        for wrong in (-1.0, float("nan"), float("inf")):
            with pytest.raises(UsageError, match="expected a number from 0 up"):
                scale_gradients(self.pairs, [(query(), wrong)])

    def test_nothing_to_apply(self):
        with pytest.raises(GraphError, match="no variable has both a gradient and a multiplier"):
            apply_with_multipliers(
                v1.train.AdamOptimizer,
                self.pairs,
                learning_rate=0.1,
                multipliers=[(query(), 0.0)],
            )
