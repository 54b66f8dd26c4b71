"""Layers against plain numpy and against themselves with channels first."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.graph import layers
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

v1 = tf.compat.v1


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as fresh:
        yield fresh


def evaluate(*tensors):
    # Not every CPU has kernels for channels first: there it is run by channels last.
    config = v1.ConfigProto()
    options = config.graph_options.rewrite_options
    options.cpu_layout_conversion = options.NCHW_TO_NHWC
    options.min_graph_nodes = -1
    with v1.Session(config=config) as session:
        session.run(v1.global_variables_initializer())
        return session.run([tf.identity(one) for one in tensors])  # what is fetched stays


KERNELS = {
    "conv1d": (1, {"filters": 4, "kernel_size": 2, "strides": 2}),
    "conv2d": (2, {"filters": 4, "kernel_size": 2, "padding": "same"}),
    "conv2d dilated": (2, {"filters": 4, "kernel_size": 2, "dilation_rate": 2}),
    "conv3d": (3, {"filters": 4, "kernel_size": 2}),
    "separable_conv1d": (1, {"filters": 4, "kernel_size": 2}),
    "separable_conv2d": (2, {"filters": 4, "kernel_size": 2}),
    "depthwise_conv2d": (2, {"kernel_size": 2, "depth_multiplier": 2}),
    "conv2d_transpose": (2, {"filters": 4, "kernel_size": 3, "strides": 2}),
    "conv3d_transpose": (3, {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}),
    "max_pooling1d": (1, {"pool_size": 2, "strides": 1}),
    "max_pooling2d": (2, {"pool_size": 2, "strides": 2}),
    "average_pooling2d": (2, {"pool_size": 3, "strides": 1, "padding": "same"}),
    "average_pooling3d": (3, {"pool_size": 2, "strides": 2}),
}

CLASSES = {
    "conv1d": layers.Conv1D,
    "conv2d": layers.Conv2D,
    "conv2d dilated": layers.Conv2D,
    "conv3d": layers.Conv3D,
    "separable_conv1d": layers.SeparableConv1D,
    "separable_conv2d": layers.SeparableConv2D,
    "depthwise_conv2d": layers.DepthwiseConv2D,
    "conv2d_transpose": layers.Conv2DTranspose,
    "conv3d_transpose": layers.Conv3DTranspose,
    "max_pooling1d": layers.MaxPooling1D,
    "max_pooling2d": layers.MaxPooling2D,
    "average_pooling2d": layers.AveragePooling2D,
    "average_pooling3d": layers.AveragePooling3D,
}


@pytest.mark.parametrize("case", sorted(KERNELS))
def test_channels_first_is_channels_last_turned(case):
    rank, args = KERNELS[case]
    name = case.split()[0]
    shared = {} if "pool" in name else {"name": "l", "reuse": v1.AUTO_REUSE}
    make = getattr(layers, name)
    value = np.random.RandomState(0).randn(2, *[5] * rank, 3).astype(np.float32)
    last = make(tf.constant(value), **args, **shared)
    first = make(
        tf.constant(np.moveaxis(value, -1, 1)), **args, **shared, data_format="channels_first"
    )
    a, b = evaluate(last, first)
    assert_arrays_close(np.moveaxis(a, -1, 1), b, atol=1e-5)


@pytest.mark.parametrize("case", sorted(KERNELS))
def test_static_shapes_are_the_ones_computed(case):
    rank, args = KERNELS[case]
    layer = CLASSES[case](**args)
    inputs = tf.ones([2, *[7] * rank, 3])
    assert layer(inputs).shape == layer.compute_output_shape(inputs.shape)


def test_depthwise_by_hand():
    value = np.random.RandomState(0).randn(1, 3, 3, 2).astype(np.float32)
    layer = layers.DepthwiseConv2D(2, depth_multiplier=2, bias_initializer="ones", name="dw")
    outputs = layer(tf.constant(value))
    kernel, found = evaluate(layer.depthwise_kernel, outputs)
    assert [v.name for v in layer.variables] == ["dw/depthwise_kernel:0", "dw/bias:0"]
    expected = np.ones([1, 2, 2, 4], np.float32)
    for row in range(2):
        for column in range(2):
            window = value[0, row : row + 2, column : column + 2]
            product = np.einsum("ijc,ijcm->cm", window, kernel)
            expected[0, row, column] += product.reshape(4)
    assert_arrays_close(found, expected, rtol=1e-4, atol=1e-5)


def test_embedding_tables_whole_and_split():
    ids = np.array([[0, 5], [3, 3]])
    whole = layers.embedding(tf.constant(ids), 6, 2, name="a")
    with v1.variable_scope("net", partitioner=v1.fixed_size_partitioner(4)):
        layer = layers.Embedding(6, 2)
        split = layer(tf.constant(ids.astype(np.float32)))
    table, parts, a, b = evaluate(
        v1.global_variables()[0], layer.embeddings.as_tensor(), whole, split
    )
    assert_arrays_equal(a, table[ids])
    assert_arrays_equal(b, parts[ids])
    assert [v.name for v in v1.global_variables()][:2] == [
        "a/embeddings:0",
        "net/embedding/embeddings/part_0:0",
    ]


def test_distinct_ids_are_looked_up_once():
    table = tf.constant(np.arange(12.0).reshape(6, 2))
    found = layers.embedding_lookup_unique(table, [[4, 1], [1, 1]])
    assert found.shape == (2, 2, 2)
    (value,) = evaluate(found)
    assert_arrays_equal(value[:, :, 0], [[8, 2], [2, 2]])


def test_output_padding_of_transposed_convolutions():
    layer = layers.Conv2DTranspose(1, 3, strides=2, padding="same", output_padding=1)
    outputs = layer(tf.ones([1, 4, 4, 1]))
    assert outputs.shape == (1, 8, 8, 1)
    assert evaluate(outputs)[0].shape == (1, 8, 8, 1)
    with pytest.raises(ValueError, match="must be greater than output padding"):
        layers.Conv2DTranspose(1, 3, strides=1, output_padding=1)


def test_half_precision_is_normalized_in_single():
    layer = layers.BatchNormalization()
    outputs = layer(tf.ones([4, 3], tf.float16), training=True)
    assert outputs.dtype == tf.float16
    assert {v.dtype.base_dtype for v in layer.variables} == {tf.float32}


def test_sparse_inputs_of_dense():
    layer = layers.Dense(2, use_bias=False)
    sparse = tf.SparseTensor([[0, 1], [1, 0]], [2.0, 3.0], [2, 4])
    outputs = layer(sparse)
    kernel, found = evaluate(layer.kernel, outputs)
    assert_arrays_close(found, [2 * kernel[1], 3 * kernel[0]], rtol=1e-6)
