"""Kernels that TensorFlow 1.15.5 computes of two variables: weight and spectral normalisation.

As the code of the papers' time wrote them: each program is a small graph of its own.
"""

import os

import tensorflow as tf

from generators import meanings

WIDTH = 5
IMAGE = (4, 5, 2)
nn = tf.nn


def floats(*shape):
    """Returns a placeholder of floats."""
    return tf.placeholder(tf.float32, [None, *shape], "x")


def weight_norm_dense():
    """Of l2_normalize, square, and one of OpenAI's scalers behind a product."""
    h = floats(WIDTH)
    with tf.variable_scope("hidden"):
        v = tf.get_variable("V", [WIDTH, WIDTH])
        g = tf.get_variable("g", [WIDTH])
        b = tf.get_variable("b", [WIDTH])
        h = tf.tanh(tf.matmul(h, g * nn.l2_normalize(v, 0)) + b)
    with tf.variable_scope("scores"):
        v = tf.get_variable("V", [WIDTH, 3])
        g = tf.get_variable("g", [3])
        b = tf.get_variable("b", [3])
        scaler = g / tf.sqrt(tf.reduce_sum(tf.square(v), [0]))
        return tf.reshape(scaler, [1, 3]) * tf.matmul(h, v) + tf.reshape(b, [1, 3])


def weight_norm_of_norm():
    """Of tf.norm, which sums with keep_dims and squeezes."""
    h = floats(WIDTH)
    for name, size in (("hidden", WIDTH), ("scores", 3)):
        with tf.variable_scope(name):
            v = tf.get_variable("v", [WIDTH, size])
            g = tf.get_variable("g", [size])
            h = tf.tanh(tf.matmul(h, v / tf.norm(v, axis=0) * g) + tf.get_variable("b", [size]))
    return h


def weight_norm_conv():
    """Of an epsilon inside the root, and of a transposed convolution, which has outputs third."""
    h = floats(*IMAGE)
    with tf.variable_scope("conv"):
        v = tf.get_variable("v", [3, 3, 2, 3])
        g = tf.get_variable("wn/g", [3])
        b = tf.get_variable("biases", [3])
        norm = tf.sqrt(tf.reduce_sum(tf.square(v), [0, 1, 2]) + 0.25)
        h = tf.tanh(nn.conv2d(h, v * (g / norm), [1, 1, 1, 1], "SAME") + b)
    with tf.variable_scope("up"):
        v = tf.get_variable("v", [3, 3, 3, 3])
        g = tf.get_variable("g", [3])
        b = tf.get_variable("biases", [3])
        kernel = tf.reshape(g, [1, 1, 3, 1]) * nn.l2_normalize(v, [0, 1, 3])
        size = [tf.shape(h)[0], 2 * IMAGE[0], 2 * IMAGE[1], 3]
        return nn.conv2d_transpose(h, kernel, size, [1, 2, 2, 1], "SAME") + b


def _l2_norm(v, eps=1e-12):
    return v / (tf.reduce_sum(v**2) ** 0.5 + eps)


def _spectral_norm(w, iterations, unit):
    shape = w.shape.as_list()
    w = tf.reshape(w, [-1, shape[-1]])
    u = tf.get_variable("u", [1, shape[-1]], trainable=False)
    u_hat = u
    for _ in range(iterations):
        v_hat = unit(tf.matmul(u_hat, tf.transpose(w)))
        u_hat = unit(tf.matmul(v_hat, w))
    sigma = tf.matmul(tf.matmul(v_hat, w), tf.transpose(u_hat))
    tf.add_to_collection("updates", u.assign(u_hat))
    return tf.reshape(w / sigma, shape)


def spectral_norm():
    """A convolution with one step, and a dense layer with two."""
    h = floats(*IMAGE)
    with tf.variable_scope("conv"):
        w = tf.get_variable("w", [3, 3, 2, 3])
        b = tf.get_variable("bias", [3])
        h = nn.conv2d(h, _spectral_norm(w, 1, _l2_norm), [1, 1, 1, 1], "SAME")
        h = tf.reduce_mean(tf.tanh(nn.bias_add(h, b)), [1, 2])
    with tf.variable_scope("scores"):
        w = tf.get_variable("kernel", [3, 2])
        b = tf.get_variable("bias", [2])
        return tf.matmul(h, _spectral_norm(w, 2, nn.l2_normalize)) + b


PROGRAMS = {
    "weight_norm_dense": weight_norm_dense,
    "weight_norm_of_norm": weight_norm_of_norm,
    "weight_norm_conv": weight_norm_conv,
    "spectral_norm": spectral_norm,
}


def write(folder):
    """Writes a folder for each program."""
    for name, build in sorted(PROGRAMS.items()):
        meanings.write_program(os.path.join(folder, name), build)
