"""Freezing moves variables out of TRAINABLE_VARIABLES and back to where they were."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import GraphError
from tf1compat.graph import freeze, frozen, initialize_uninitialized, query, unfreeze
from tf1compat.testing import GraphTestCase

v1 = tf.compat.v1


class FreezeTest(GraphTestCase):
    def setUp(self):
        super().setUp()
        for scope in ("a", "b", "b1"):
            with v1.variable_scope(scope):
                v1.get_variable("w", [2], initializer=v1.ones_initializer())
                v1.get_variable("mean", [2], trainable=False)
        v1.get_variable("t", [4], partitioner=v1.fixed_size_partitioner(2))
        self.before = self.trainable()

    def trainable(self):
        return [v.op.name for v in v1.trainable_variables()]

    def test_freeze_and_unfreeze_for_good(self):
        assert freeze(query().scope("b")).names == ("b/w",)
        assert self.trainable() == ["a/w", "b1/w", "t/part_0", "t/part_1"]
        assert freeze(query().scope("b")).names == ()
        assert freeze(query().scope("a")).names == ("a/w",)
        assert unfreeze(query().scope("b")).names == ("b/w",)
        assert self.trainable() == ["b/w", "b1/w", "t/part_0", "t/part_1"]
        unfreeze(query())
        assert self.trainable() == self.before

    def test_the_collection_stays_the_same_list(self):
        collection = v1.get_collection_ref(v1.GraphKeys.TRAINABLE_VARIABLES)
        with frozen(query().scope("a")):
            assert len(collection) == 4
        assert [v.op.name for v in collection] == self.before

    def test_context_goes_back_on_error_and_nests(self):
        with pytest.raises(KeyError, match="raised inside"):  # noqa: PT012
            with frozen(query().scope("a", "b")) as outer:
                assert outer.names == ("a/w", "b/w")
                with frozen(query().scope("b", "b1")) as inner:
                    assert inner.names == ("b1/w",)
                assert self.trainable() == ["b1/w", "t/part_0", "t/part_1"]
                raise KeyError("raised inside")
        assert self.trainable() == self.before

    def test_variables_made_while_frozen_come_last(self):
        with frozen(query().scope("b")):
            v1.get_variable("late", [1])
        assert self.trainable() == [*self.before, "late"]

    def test_an_order_of_the_program_s_own_is_kept(self):
        v1.get_collection_ref(v1.GraphKeys.TRAINABLE_VARIABLES).reverse()
        order = self.trainable()
        with frozen(query().scope("b")):
            pass
        assert self.trainable() == order

    def test_frozen_variables_are_not_trained(self):
        loss = sum(tf.reduce_sum(v) for v in v1.trainable_variables())
        with frozen(query().scope("a")):
            train = v1.train.GradientDescentOptimizer(1.0).minimize(loss)
        initialize_uninitialized(self.session)
        self.session.run(train)
        self.assert_all_equal(query().named("a/w").one(), np.ones(2))
        self.assert_all_equal(query().named("b/w").one(), np.zeros(2))

    def test_partitioned(self):
        assert freeze(query().named("t")).names == ("t/part_0", "t/part_1")
        unfreeze(query().named("t"))
        assert self.trainable() == self.before

    def test_nothing_to_freeze(self):
        with pytest.raises(GraphError, match="found none among: a/mean, b/mean"):
            freeze(query().glob("*/mean"))
        with pytest.raises(GraphError, match="a/mean: expected a variable that was trainable"):
            unfreeze(query().named("a/mean"))
        with pytest.raises(GraphError, match="the query found nothing"):
            freeze(query().scope("none"))
