"""Contrib's regularizers: numbers by hand, and refusals. The record has TF 1.15's own numbers."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat import graph as g
from tf1compat.errors import GraphError, UsageError
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1
WEIGHTS = np.array([[1.0, -2.0], [3.0, -4.0]], np.float32)


def evaluate(make):
    with tf.Graph().as_default(), v1.Session() as session:
        return session.run(make(tf.constant(WEIGHTS)))


def test_by_hand():
    assert_arrays_close(evaluate(g.l1_regularizer(0.5)), 5.0, rtol=1e-6)
    assert_arrays_close(evaluate(g.l2_regularizer(0.5)), 7.5, rtol=1e-6)
    assert_arrays_close(evaluate(g.l1_l2_regularizer(0.5, 0.5)), 12.5, rtol=1e-6)
    both = g.sum_regularizer([g.l1_regularizer(0.5), g.l2_regularizer(0.5)])
    assert_arrays_close(evaluate(both), 12.5, rtol=1e-6)


def test_zero_turns_off():
    assert g.l1_regularizer(0.0)(WEIGHTS) is None
    assert g.l2_regularizer(0.0)(WEIGHTS) is None
    assert g.sum_regularizer([None]) is None
    with tf.Graph().as_default():
        v1.get_variable("w", [2], regularizer=g.l2_regularizer(0.0))
        assert not v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)


@pytest.mark.parametrize("make", [g.l1_regularizer, g.l2_regularizer, g.l1_l2_regularizer])
def test_wrong_scales(make):
    with pytest.raises(UsageError, match="cannot be an integer: 1"):
        make(1)
    with pytest.raises(UsageError, match=r"less than 0 on a regularizer: -0\.5"):
        make(-0.5)


def test_applied_to_weights():
    with tf.Graph().as_default():
        with pytest.raises(GraphError, match="No weights to regularize"):
            g.apply_regularization(g.l2_regularizer(0.5))
        v1.add_to_collection(v1.GraphKeys.WEIGHTS, tf.constant(WEIGHTS))
        total = g.apply_regularization(g.l2_regularizer(0.5))
        with pytest.raises(GraphError, match="instead of a Tensor with rank 2"):
            g.apply_regularization(tf.identity)
        assert v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES) == [total]
        with v1.Session() as session:
            assert_arrays_close(session.run(total), 7.5, rtol=1e-6)
