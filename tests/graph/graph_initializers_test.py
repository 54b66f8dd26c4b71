"""Initializers: fans, orthogonality, refusals, and the guide. The record has TF 1.15's values."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat import graph as g
from tf1compat.errors import UsageError
from tf1compat.graph import layers
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1


def draw(initializer, shape):
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        return session.run(initializer(shape, dtype=tf.float32))


@pytest.mark.parametrize(
    ("mode", "n"), [("FAN_IN", 40 * 9), ("FAN_OUT", 80 * 9), ("FAN_AVG", 60 * 9)]
)
@pytest.mark.parametrize("uniform", [True, False])
def test_variance_follows_the_fans(mode, n, uniform):
    made = g.contrib_variance_scaling_initializer(3.0, mode, uniform, seed=2)
    value = draw(made, [3, 3, 40, 80])
    assert_arrays_close(value.var(), 3.0 / n, rtol=0.05)


def test_xavier_uniform_is_bounded_by_its_limit():
    value = draw(g.xavier_initializer(seed=1), [50, 70])
    limit = np.sqrt(6.0 / 120)
    assert abs(value).max() <= limit
    assert abs(value).max() > 0.99 * limit


def test_delta_orthogonal_kernels_keep_lengths():
    value = draw(g.convolutional_delta_orthogonal(gain=2.0, seed=1), [3, 3, 4, 6])
    centre = value[1, 1]
    assert_arrays_close(centre @ centre.T, 4 * np.eye(4, dtype=np.float32), atol=1e-5)
    value[1, 1] = 0
    assert not value.any()


def test_refusals():
    with pytest.raises(TypeError, match="non-floating point"):
        g.xavier_initializer(dtype=tf.int32)
    with pytest.raises(TypeError, match="Unknown mode FAN"):
        g.contrib_variance_scaling_initializer(mode="FAN")
    with pytest.raises(UsageError, match="In_filters cannot be greater"):
        draw(g.convolutional_delta_orthogonal(), [3, 3, 6, 4])
    with pytest.raises(UsageError, match="at least three-dimensional"):
        draw(g.convolutional_delta_orthogonal(), [6, 4])


@pytest.mark.parametrize(
    ("activation", "name", "paper"),
    [
        ("relu", "he_normal", "1502.01852"),
        (tf.nn.relu6, "he_normal", "1502.01852"),
        (tf.nn.tanh, "glorot_uniform", "Glorot"),
        (None, "glorot_uniform", "Glorot"),
        ("selu", "lecun_normal", "1706.02515"),
        ("recurrent", "orthogonal", "1312.6120"),
    ],
)
def test_guide(activation, name, paper):
    advice = g.initializer_for(activation)
    assert advice.name == name
    assert paper in advice.paper
    assert advice.reason
    assert draw(advice.initializer, [4, 4]).shape == (4, 4)


def test_guide_says_what_it_knows():
    with pytest.raises(
        UsageError, match=r"no advice for activation 'mish'; this guide knows.*relu"
    ):
        g.initializer_for("mish")


def test_advice_keeps_signals_in_scale():
    """Ten layers of relu: He's weights keep the second moment, Glorot's let it die."""
    moments = {}
    for name in ("he_normal", "glorot_uniform"):
        with tf.Graph().as_default(), v1.Session() as session:
            v1.set_random_seed(3)
            x = v1.random_normal([64, 256], seed=1)
            for _ in range(10):
                x = layers.dense(x, 256, activation=tf.nn.relu, kernel_initializer=name)
            session.run(v1.global_variables_initializer())
            moments[name] = float(session.run(tf.reduce_mean(x**2)))
    assert 0.2 < moments["he_normal"] < 5
    assert moments["glorot_uniform"] < 0.01
