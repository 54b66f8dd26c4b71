"""Kernels of the right shape whose product is another's, or whose axes stand otherwise."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import write_checkpoint
from tf1compat.keras3 import index_model
from tf1compat.migration import Status, convert, plan_migration, prove
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1
CHANNELS = 4


def _conv(x, kernel):
    return tf.nn.conv2d(x, kernel, 1, "SAME")


def _transposed(x, kernel):
    return tf.nn.conv2d_transpose(x, kernel, tf.shape(x), 1, "SAME")


def _depthwise(x, kernel):
    return tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], "SAME")


def _saved(folder, op):
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 5, 5, CHANNELS], "x")
        op(x, v1.get_variable("layer/kernel", [3, 3, CHANNELS, CHANNELS]))
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(folder / "model.ckpt"))
    return folder / "model.ckpt"


def _model(layer):
    x = keras.Input((5, 5, CHANNELS), name="x")
    return index_model(keras.Model(x, layer(x)))


def _layers():
    form = {"padding": "same", "use_bias": False, "name": "layer"}
    return {
        _conv: keras.layers.Conv2D(CHANNELS, 3, **form),
        _transposed: keras.layers.Conv2DTranspose(CHANNELS, 3, **form),
        _depthwise: keras.layers.DepthwiseConv2D(3, depth_multiplier=CHANNELS, **form),
    }


@pytest.mark.parametrize("op", [_conv, _transposed, _depthwise])
def test_only_a_convolution_of_its_kind_gives_a_kernel(op, tmp_path):
    prefix = _saved(tmp_path, op)
    for other, layer in _layers().items():
        plan = plan_migration(prefix, _model(layer))
        assert plan.complete == (other is op)
        if other is not op:
            assert "equal shape isn't equal arithmetic" in str(plan.unfilled[0])


@pytest.mark.parametrize(
    ("equation", "layout"),
    [
        ("abc,cde->abde", "reshape(6, 2, 3)"),
        ("abc,dec->abde", "reshape(6, 2, 3) | transpose(1, 2, 0)"),
        ("abc,ced->abde", "reshape(6, 2, 3) | transpose(0, 2, 1)"),
    ],
)
def test_an_einsums_kernel_has_its_axes_where_the_equation_says(equation, layout, tmp_path):
    kernel = np.random.default_rng(0).normal(size=(6, 6)).astype("float32")
    write_checkpoint(tmp_path / "model.ckpt", {"q/kernel": kernel})
    x = keras.Input((5, 6))
    layer = keras.layers.EinsumDense(equation, output_shape=(None, 2, 3), name="q")
    index = index_model(keras.Model(x, layer(x)))
    plan = plan_migration(tmp_path / "model.ckpt", index)
    assert [fill.layout for fill in plan.fills] == [layout]
    convert(plan, index)
    given = np.random.default_rng(1).normal(size=(2, 5, 6)).astype("float32")
    expected = (given @ kernel).reshape(2, 5, 2, 3)
    assert_arrays_close(np.asarray(index.model(given)), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "complete"),
    [((1, 6, 4), True), ((1, 1, 6, 4), True), ((2, 6, 4), False), ((1, 4, 6), False)],
)
def test_a_convolution_over_one_place_is_a_dense_layer(shape, complete, tmp_path):
    kernel = np.random.default_rng(0).normal(size=shape).astype("float32")
    write_checkpoint(tmp_path / "model.ckpt", {"proj/kernel": kernel})
    x = keras.Input((6,))
    layer = keras.layers.Dense(4, use_bias=False, name="proj")
    index = index_model(keras.Model(x, layer(x)))
    plan = plan_migration(tmp_path / "model.ckpt", index)
    assert plan.complete == complete
    if complete:
        convert(plan, index)
        expected = np.einsum("bi,io->bo", np.ones((2, 6)), kernel.reshape(6, 4).astype(float))
        found = np.asarray(index.model(np.ones((2, 6), np.float32)))
        assert_arrays_close(found, expected.astype("float32"), rtol=1e-5, atol=1e-5)


def test_a_separable_convolution_has_its_two_kernels_by_name(tmp_path):
    def separable(x, depthwise):
        pointwise = v1.get_variable("layer/pointwise_weights", [1, 1, CHANNELS**2, 3])
        tf.nn.separable_conv2d(x, depthwise, pointwise, [1, 1, 1, 1], "SAME", name="y")

    layer = keras.layers.SeparableConv2D(
        3, 3, depth_multiplier=CHANNELS, padding="same", use_bias=False, name="layer"
    )
    prefix, index = _saved(tmp_path, separable), _model(layer)
    plan = plan_migration(prefix, index)
    assert {fill.target: fill.moved for fill in plan.fills} == {
        "layer/depthwise_kernel": "",
        "layer/pointwise_kernel": "",
    }
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}
