"""In which order pixels come that a v1 graph flattens before a product."""

import pytest
import tensorflow as tf

from tf1compat.checkpoint import read_meta

v1 = tf.compat.v1
FIRST, LAST = [0, 3, 1, 2], [0, 2, 3, 1]  # to channels first, to channels last


def reshape(*sizes):
    return lambda h: tf.reshape(h, sizes)


def transpose(*order):
    return lambda h: tf.transpose(h, order)


def dynamic(h):
    return tf.reshape(h, tf.stack([tf.shape(h)[0], 20, 3]))


# Of an image of 4 x 5 pixels and 3 channels.
CHAINS = {
    "none": ([], "NHWC"),
    "there": ([transpose(*FIRST)], "NCHW"),
    "there_and_back": ([transpose(*FIRST), tf.nn.relu, transpose(*LAST)], "NHWC"),
    "by_rows": ([reshape(-1, 20, 3), transpose(0, 2, 1)], "NCHW"),
    "by_rows_in_a_batch": ([dynamic, transpose(0, 2, 1)], "NCHW"),
    "rows_alone": ([reshape(-1, 20, 3)], "NHWC"),
    "flat_and_back": ([reshape(-1, 60), reshape(-1, 4, 5, 3), transpose(*FIRST)], "NCHW"),
    "channels_and_rows": ([transpose(*FIRST), reshape(-1, 3, 20), transpose(0, 2, 1)], "NHWC"),
    "other_rows": ([reshape(-1, 12, 5), transpose(0, 2, 1)], ""),
    "width_first": ([transpose(0, 2, 1, 3)], ""),
    "width_first_then_rows": ([transpose(0, 2, 1, 3), reshape(-1, 20, 3)], ""),
    "batch_inside": ([transpose(1, 0, 2, 3)], ""),
}


def _flattened(folder, moves, *, pooled=False):
    path = str(folder / "graph.meta")
    with tf.Graph().as_default():
        x = v1.placeholder(tf.float32, [None, 4, 5, 2])
        h = tf.nn.conv2d(x, v1.get_variable("conv", [3, 3, 2, 3]), 1, "SAME")
        h = tf.nn.bias_add(h, v1.get_variable("bias", [3]))
        if pooled:
            h = tf.nn.max_pool2d(h, 3, 1, "SAME")
        for move in moves:
            h = move(h)
        kernel = v1.get_variable("fc", [60, 2])
        tf.matmul(tf.reshape(h, [-1, 60]), kernel)
        v1.train.export_meta_graph(path)
    return read_meta(path).uses.flattened.get("fc")


@pytest.mark.parametrize("name", CHAINS)
def test_any_row_of_moves_is_followed(name, tmp_path):
    moves, data_format = CHAINS[name]
    assert _flattened(tmp_path, moves) == data_format


def test_channels_are_known_behind_a_pool(tmp_path):
    assert _flattened(tmp_path, CHAINS["by_rows"][0], pooled=True) == "NCHW"


def test_what_mixes_pixels_ends_the_way(tmp_path):
    assert _flattened(tmp_path, [tf.nn.softmax]) is None
