"""get_variable and variable_scope where they mend today's TensorFlow."""

import pytest
import tensorflow as tf

from tf1compat.graph import get_variable, variable_scope

v1 = tf.compat.v1
LOSSES = v1.GraphKeys.REGULARIZATION_LOSSES


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as fresh:
        yield fresh


def counted(calls):
    def regularizer(weights):
        calls.append(weights.name)
        return tf.reduce_sum(weights)

    return regularizer


def test_todays_own_runs_a_regularizer_twice():
    """If this fails, TensorFlow has mended itself and the wrapper may go."""
    calls = []
    v1.get_variable("w", [2], regularizer=counted(calls))
    assert len(calls) == 2
    assert not isinstance(v1.get_collection(LOSSES)[0], tf.Tensor)


def test_regularizers_run_once_and_leave_tensors():
    calls = []
    with variable_scope("a", regularizer=counted(calls)) as scope:
        get_variable("own", [2])
        v1.get_variable("tf", [2])
        with v1.variable_scope("b"):
            v1.get_variable("nested", [2])
        scope.reuse_variables()
        get_variable("own", [2])
    get_variable("given", [2], None, None, counted(calls))
    assert calls == ["a/own:0", "a/tf:0", "a/b/nested:0", "given:0"]
    losses = v1.get_collection(LOSSES)
    assert [loss.op.name for loss in losses] == [f"{name[:-2]}/Regularizer/Sum" for name in calls]
    assert all(isinstance(loss, tf.Tensor) for loss in losses)


def test_positional_regularizer_of_a_scope():
    calls = []
    with variable_scope("a", None, None, None, counted(calls)):
        v1.get_variable("w", [2])
    assert calls == ["a/w:0"]


def test_losses_stay_by_their_variables():
    with tf.device("/device:CPU:0"):
        get_variable("w", [2], regularizer=tf.nn.l2_loss)
    (loss,) = v1.get_collection(LOSSES)
    assert b"loc:@w" in loss.op.colocation_groups()


def test_nothing_else_changes():
    with variable_scope("a", reuse=v1.AUTO_REUSE, dtype=tf.float64) as scope:
        one, two = get_variable("w", [2]), v1.get_variable("w", [2])
    assert one is two
    assert isinstance(scope, v1.VariableScope)
    assert one.dtype.base_dtype == tf.float64
    with pytest.raises(ValueError, match="already exists"):
        with variable_scope("a"):
            get_variable("w", [2])
