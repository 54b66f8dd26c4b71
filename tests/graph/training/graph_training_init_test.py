"""Initialization in order of dependency, where TensorFlow's own initializer gives up."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import GraphError
from tf1compat.graph import initialize_uninitialized, query
from tf1compat.testing import GraphTestCase

v1 = tf.compat.v1


class InitializeTest(GraphTestCase):
    def test_a_chain_of_dependent_values(self):
        for kind in (True, False):
            with v1.variable_scope(f"resource_{kind}", use_resource=kind):
                a = v1.get_variable("a", [3])
                b = v1.get_variable("b", initializer=lambda a=a: a.read_value() * 2)
                v1.get_variable("c", initializer=lambda b=b: b.read_value() + 1)
        report = initialize_uninitialized(self.session)
        assert report.waves == tuple(
            tuple(f"resource_{kind}/{name}" for kind in (True, False)) for name in "abc"
        )
        for kind in (True, False):
            a, b, c = self.evaluate(list(query().scope(f"resource_{kind}")))
            self.assert_all_equal(b, a * np.float32(2))
            self.assert_all_equal(c, b + np.float32(1))
        assert str(report).startswith("6 initialized, 0 had a value already\n  wave 1: resource_")

    def test_only_what_is_uninitialized(self):
        a = v1.get_variable("a", [2], initializer=v1.zeros_initializer())
        v1.get_variable("b", [2], collections=[v1.GraphKeys.LOCAL_VARIABLES])
        self.session.run(a.assign([5.0, 5.0]))
        report = initialize_uninitialized(self.session)
        assert (report.already, report.initialized) == (("a",), ("b",))
        self.assert_all_equal(a, [5.0, 5.0])
        assert initialize_uninitialized(self.session).initialized == ()

    def test_a_subset_brings_what_it_depends_on(self):
        a = v1.get_variable("a", [2], use_resource=True)
        v1.get_variable("b", initializer=lambda: a.read_value() * 2, use_resource=True)
        v1.get_variable("other", [2])
        report = initialize_uninitialized(self.session, query().named("b"))
        assert report.waves == (("a",), ("b",))
        assert query().uninitialized(self.session).names == ("other",)

    def test_variables_that_no_collection_holds(self):
        a = v1.get_variable("a", [2], use_resource=True)
        stray = {"collections": [], "trainable": False, "use_resource": True}
        w = v1.get_variable("w", initializer=lambda: a + 1, **stray)
        u = v1.get_variable("u", initializer=lambda: w + 1, **stray)
        report = initialize_uninitialized(self.session, [u, w])
        assert report.waves == (("a",), ("w",), ("u",))
        assert initialize_uninitialized(self.session).already == ("a",)  # the others aren't filed

    def test_moving_averages_start_at_their_variable_s_value(self):
        v = v1.get_variable("v", [3], use_resource=False)
        average = v1.train.ExponentialMovingAverage(0.5)
        average.apply([v])
        initialize_uninitialized(self.session)
        self.assert_all_equal(average.average(v), self.evaluate(v))

    def test_runs_on_a_finalized_graph(self):
        v1.get_variable("a", [2], use_resource=False)
        v1.get_variable("b", [2], use_resource=True)
        self.graph.finalize()
        assert initialize_uninitialized(self.session).initialized == ("a", "b")

    def test_placeholders_must_be_fed(self):
        x = v1.placeholder(tf.float32, [2], name="x")
        v1.get_variable("a", initializer=x, use_resource=True)
        v1.get_variable("b", [2])
        with pytest.raises(GraphError, match="a: expected a feed for x, found none; give a feed"):
            initialize_uninitialized(self.session)
        assert query().initialized(self.session).names == ()
        initialize_uninitialized(self.session, feed_dict={x: [1.0, 2.0]})
        self.assert_all_equal(query().named("a").one(), [1.0, 2.0])

    def test_partitioned(self):
        v1.get_variable("t", [5, 2], partitioner=v1.fixed_size_partitioner(2))
        assert initialize_uninitialized(self.session).initialized == ("t/part_0", "t/part_1")
