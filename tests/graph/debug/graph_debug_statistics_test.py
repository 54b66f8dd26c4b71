"""Statistics of one training step, against arithmetic done by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph import array_statistics, training_statistics
from tf1compat.testing import GraphTestCase, assert_arrays_close

v1 = tf.compat.v1


def test_array_statistics_leave_out_what_is_not_finite():
    found = array_statistics(np.array([[1.0, -3.0], [np.nan, np.inf], [0.0, 2.0]], np.float32))
    assert (found.size, found.zeros, found.nans, found.infinities) == (6, 1, 1, 1)
    assert (found.minimum, found.maximum, found.mean) == (-3.0, 2.0, 0.0)
    assert_arrays_close(found.norm, math.sqrt(14), rtol=1e-6)
    assert_arrays_close(found.std, math.sqrt(14 / 4), rtol=1e-6)


def test_array_statistics_of_nothing_and_of_odd_dtypes():
    empty = array_statistics(np.zeros([0, 3]))
    assert (empty.size, empty.norm) == (0, 0.0)
    assert math.isnan(empty.mean)
    assert array_statistics(np.array([3 + 4j])).maximum == 5.0
    assert array_statistics(np.array([1, 2], tf.bfloat16.as_numpy_dtype)).mean == 1.5
    assert array_statistics(np.array([True, False])).zeros == 1
    both = array_statistics(np.array([complex(np.inf, np.nan)]))
    assert (both.nans, both.infinities) == (1, 1)
    largest = array_statistics(np.array([[[1.5e308, 1.5e308]], [[-1.5e308, 0]]]))
    assert largest.mean == pytest.approx(3.75e307)
    assert largest.norm == float("inf")  # it is beyond float64 itself
    assert array_statistics(np.array([3e200, 4e200])).norm == pytest.approx(5e200)
    with pytest.raises(UsageError, match="expected numbers"):
        array_statistics(["a"])


class TrainingStatisticsTest(GraphTestCase):
    def test_one_step(self):
        w = v1.get_variable("w", initializer=tf.constant([3.0, 4.0]), use_resource=False)
        table = v1.get_variable("table", [4, 2], initializer=v1.zeros_initializer())
        idle = v1.get_variable("idle", [2], initializer=v1.ones_initializer())
        x = v1.placeholder(tf.float32, [], name="x")
        loss = x * tf.reduce_sum(w) + tf.reduce_sum(tf.gather(table, [1, 1]))
        optimizer = v1.train.GradientDescentOptimizer(0.5)
        pairs = optimizer.compute_gradients(loss, [w, table, idle])
        train = optimizer.apply_gradients(pairs)
        self.initialize()
        with self.assert_no_new_nodes():
            found = training_statistics(
                self.session, train, grads_and_vars=pairs, feed_dict={x: 2.0}
            )
        first, second, third = found
        assert (first.name, first.weight.norm) == ("w", 5.0)
        assert_arrays_close(first.gradient.norm, 2 * math.sqrt(2), rtol=1e-6)
        assert_arrays_close(first.update.norm, math.sqrt(2), rtol=1e-6)
        assert_arrays_close(first.update_ratio, math.sqrt(2) / 5, rtol=1e-6)
        assert second.gradient.size == 4  # two rows looked up
        assert second.update_ratio == math.inf
        assert (third.gradient, third.update_ratio) == (None, 0.0)
        lines = str(found).splitlines()
        assert " ".join(lines[0].split()) == (
            "variable weight norm weight std gradient norm update norm update/weight"
        )
        assert lines[1].split() == ["w", "5", "0.5", "2.828", "1.414", "0.283"]
        assert lines[3].split() == ["idle", "1.414", "0", "none", "0", "0"]
        self.assert_all_close(w, [2.0, 3.0])  # trained once

    def test_nothing_to_measure(self):
        with pytest.raises(UsageError, match="found none"):
            training_statistics(self.session, tf.no_op(), grads_and_vars=[])
