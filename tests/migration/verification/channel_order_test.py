"""Graphs made for a GPU, with channels first, beside models that have them last."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tf1compat.checkpoint import open_checkpoint
from tf1compat.keras3 import index_model
from tf1compat.migration import plan_migration, prove
from tf1compat.migration.verification.reference.channel_order import turn

v1 = tf.compat.v1


@pytest.mark.parametrize(
    ("shape", "wanted", "axes"),
    [
        ((None, 3, 8, 9), (None, 8, 9, 3), (0, 2, 3, 1)),
        ((None, 8, 9, 3), (None, 3, 8, 9), (0, 3, 1, 2)),
        ((2, 8, 3), (2, 3, 8), (0, 2, 1)),
        ((2, 3, 3, 3), (2, 3, 3, 3), (0, 1, 2, 3)),
        ((None, None, None, 3), (None, 3, None, None), (0, 3, 1, 2)),
        ((None, 3, 8, 8), (None, None, None, None), (0, 1, 2, 3)),
        ((None, 5, 4), (5, None, 4), (1, 0, 2)),
        ((None, 5, 4), (None, None, 4), (0, 1, 2)),
        ((None, None, 4), (20, None, 4), (0, 1, 2)),
        ((3, 2), (2, 3), None),
        ((2, 8, 9, 3), (2, 9, 8, 3), None),
        ((2, 3), (2, 3, 1), None),
    ],
)
def test_axes_stay_or_channels_move(shape, wanted, axes):
    assert turn(shape, wanted) == axes


@pytest.fixture(scope="module")
def channels_first(tmp_path_factory):
    """A graph that gives an image with channels first, and scores."""
    prefix = str(tmp_path_factory.mktemp("channels_first") / "model")
    drawn = v1.random_uniform_initializer(0.5, 1.5, seed=3)
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3, 8, 6], name="x")
        kernel = v1.get_variable("c/kernel", [3, 3, 3, 4], initializer=drawn)
        y = tf.nn.conv2d(x, kernel, [1, 1, 2, 2], "SAME", data_format="NCHW")
        y = tf.nn.bias_add(y, v1.get_variable("c/bias", [4], initializer=drawn), "NCHW")
        y = tf.nn.max_pool2d(y, [1, 1, 2, 1], [1, 1, 2, 1], "SAME", data_format="NCHW")
        with v1.variable_scope("n"):
            names = ("gamma", "beta", "moving_mean", "moving_variance")
            own = [v1.get_variable(name, [4], initializer=drawn) for name in names]
            y, _, _ = v1.nn.fused_batch_norm(y, *own, data_format="NCHW", is_training=False)
        y = tf.identity(y, name="image")
        rows = v1.get_variable("d/kernel", [24, 2], initializer=drawn)
        tf.matmul(tf.reshape(y, [-1, 24]), rows, name="scores")
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, prefix)
    return prefix


def channels_last(*, epsilon=1e-3):
    x = keras.Input((8, 6, 3), name="picture")
    y = layers.Conv2D(4, 3, 2, "same", name="c")(x)
    y = layers.MaxPool2D((2, 1))(y)
    image = layers.BatchNormalization(epsilon=epsilon, name="n")(y)
    scores = layers.Dense(2, use_bias=False, name="d")(layers.Flatten()(image))
    return keras.Model(x, [image, scores])


def proof_of(prefix, model):
    checkpoint, index = open_checkpoint(prefix), index_model(model)
    return prove(plan_migration(checkpoint, index), index, checkpoint=checkpoint)


def test_inputs_and_outputs_are_compared_with_their_axes_in_the_models_order(channels_first):
    proof = proof_of(channels_first, channels_last())
    assert proof.agrees
    assert {status.value for status in proof.lines.values()} == {"proved"}
    assert [one.name for one in proof.outputs] == ["image:0", "scores:0"]
    assert proof.notes == (
        "channels are first in x:0 and last in picture",
        "outputs: n is image:0, d is scores:0",
    )


def test_layers_that_differ_are_named_with_their_tensor(channels_first):
    proof = proof_of(channels_first, channels_last(epsilon=0.1))
    assert not proof.agrees
    assert proof.divergence.layer == "n"
    assert np.isfinite(proof.divergence.difference.max_rel)
