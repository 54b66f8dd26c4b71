"""MobileNet v1 as slim has it, written anew in small: its names, its arithmetic."""

import tensorflow as tf

v1 = tf.compat.v1
SIDE, ALPHA, CLASSES = 32, 0.25, 7
# What each separable convolution makes, and its stride.
SEPARABLE = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
SEPARABLE += [*[(512, 1)] * 5, (1024, 2), (1024, 1)]


def mobilenet():
    x = v1.placeholder(tf.float32, [None, SIDE, SIDE, 3], "images")
    with v1.variable_scope("MobilenetV1"):
        h = _conv(x, 32, 3, 2, "Conv2d_0")
        for number, (size, stride) in enumerate(SEPARABLE, start=1):
            h = _depthwise(h, stride, f"Conv2d_{number}_depthwise")
            h = _conv(h, size, 1, 1, f"Conv2d_{number}_pointwise")
        with v1.variable_scope("Logits"):
            h = tf.reduce_mean(h, [1, 2], keepdims=True, name="AvgPool_1a")
            with v1.variable_scope("Conv2d_1c_1x1"):
                w = v1.get_variable("weights", [1, 1, h.shape[-1], CLASSES])
                h = tf.nn.bias_add(
                    tf.nn.conv2d(h, w, 1, "SAME"), v1.get_variable("biases", [CLASSES])
                )
            logits = tf.squeeze(h, [1, 2], name="SpatialSqueeze")
        tf.nn.softmax(logits, name="Predictions")


def _conv(x, size, width, stride, scope):
    with v1.variable_scope(scope):
        w = v1.get_variable("weights", [width, width, x.shape[-1], int(size * ALPHA)])
        return _normed(tf.nn.conv2d(x, w, stride, "SAME"))


def _depthwise(x, stride, scope):
    with v1.variable_scope(scope):
        w = v1.get_variable("depthwise_weights", [3, 3, x.shape[-1], 1])
        return _normed(tf.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], "SAME"))


def _normed(x):
    """Fused, as slim's is, and clipped at 6."""
    with v1.variable_scope("BatchNorm"):
        made = {n: v1.get_variable(n, [x.shape[-1]]) for n in ("gamma", "beta")}
        kept = [
            v1.get_variable(n, [x.shape[-1]], trainable=False)
            for n in ("moving_mean", "moving_variance")
        ]
        y = v1.nn.fused_batch_norm(x, made["gamma"], made["beta"], *kept, 0.001, is_training=False)[
            0
        ]
    return tf.nn.relu6(y)
