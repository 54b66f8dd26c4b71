"""Small v1 programs with settings of all kinds, and Keras models alike, for tests of lint."""

import dataclasses
from collections.abc import Callable

import keras
import tensorflow as tf

from tf1compat.graph import layers

v1 = tf.compat.v1
L = keras.layers
SIZE, UNITS = 8, 4
ONES = keras.initializers.Ones()


@dataclasses.dataclass(frozen=True)
class Case:
    """A program of v1, a model alike, one that differs in a setting, and what is said of it."""

    kind: str
    program: Callable
    alike: Callable
    other: Callable
    text: str
    shape: tuple = (SIZE, SIZE, 3)
    trains: bool = False


def head(y):
    """A last layer, so that what is before it is within the graph."""
    return layers.dense(layers.flatten(y), 2, name="head")


def erf_gelu(x):
    return 0.5 * x * (1.0 + tf.math.erf(x / tf.sqrt(2.0)))


def tanh_gelu(x):
    return 0.5 * x * (1 + tf.tanh(0.7978845608 * (x + 0.044715 * tf.pow(x, 3))))


def leaky(x):
    return tf.maximum(x, 0.1 * x)


def dense(activation):
    return lambda x: head(activation(layers.dense(layers.flatten(x), UNITS, name="first")))


def dense_model(*after, **settings):
    first = L.Dense(UNITS, name="first", **settings)
    return [L.Flatten(), first, *after, L.Dense(2, name="head")]


def conv(**settings):
    return lambda x: head(layers.conv2d(x, UNITS, 3, name="conv", **settings))


def conv_model(*before, **settings):
    given = {"kernel_size": 3, "name": "conv", **settings}
    return [*before, L.Conv2D(UNITS, **given), L.Flatten(), L.Dense(2, name="head")]


def padded(x):
    x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    return head(layers.conv2d(x, UNITS, 3, strides=2, name="conv"))


def blocks(x):
    """A dilated convolution as 1.15 writes it."""
    kernel = v1.get_variable("conv/kernel", [3, 3, 3, UNITS])
    y = tf.nn.conv2d(tf.space_to_batch(x, [2, 2], [[2, 2], [2, 2]]), kernel, 1, "VALID")
    bias = v1.get_variable("conv/bias", [UNITS])
    return head(tf.nn.bias_add(v1.batch_to_space_nd(y, [2, 2], [[0, 0], [0, 0]]), bias))


def bottleneck(x):
    """The stride on the 3x3 kernel, as in slim and the official models."""
    y = layers.conv2d(x, UNITS, 1, name="reduce")
    return head(layers.conv2d(y, UNITS + 1, 3, strides=2, padding="same", name="conv"))


def bottleneck_model(first, second):
    reduce = L.Conv2D(UNITS, 1, strides=first, name="reduce")
    conv = L.Conv2D(UNITS + 1, 3, strides=second, padding="same", name="conv")
    return [reduce, conv, L.Flatten(), L.Dense(2, name="head")]


def norm(**settings):
    return lambda x: head(layers.batch_normalization(x, name="bn", **settings))


def norm_model(**settings):
    return [L.BatchNormalization(name="bn", **settings), L.Flatten(), L.Dense(2, name="head")]


def by_hand(x):
    """A batch norm of several ops, as programs write it themselves."""
    with v1.variable_scope("bn"):
        names = ("moving_mean", "moving_variance", "beta", "gamma")
        values = [v1.get_variable(name, [3], trainable=name[0] != "m") for name in names]
    return head(tf.nn.batch_normalization(x, *values, 0.01))


def layer_norm(x):
    return head(layers.layer_norm(x, begin_norm_axis=-1, begin_params_axis=-1, scope="ln"))


def all_axes(x):
    return head(layers.layer_norm(x, begin_norm_axis=1, begin_params_axis=-1, scope="ln"))


def layer_norm_model(**settings):
    return [L.LayerNormalization(name="ln", **settings), L.Flatten(), L.Dense(2, name="head")]


class AllAxes(L.LayerNormalization):
    """Says that it takes three axes together; it is never called."""

    def build(self, input_shape):
        self.axis = -1
        super().build(input_shape)
        self.axis = [1, 2, 3]


def dropped(rate):
    def program(x):
        y = layers.dense(layers.flatten(x), UNITS, tf.nn.relu, name="first")
        return head(layers.dropout(y, rate, training=True))

    return program


def dropped_as_once(x):
    """Dropout as releases before 1.13 have it."""
    y = layers.dense(layers.flatten(x), UNITS, tf.nn.relu, name="first")
    kept = tf.floor(0.75 + tf.random.uniform(tf.shape(y)))
    return head(tf.math.divide(y, 0.75) * kept)


def dropped_as_in_1_15(x):
    y = layers.dense(layers.flatten(x), UNITS, tf.nn.relu, name="first")
    kept = tf.cast(tf.random.uniform(tf.shape(y)) >= 0.25, tf.float32)
    return head(y * (1 / 0.75) * kept)


def dropped_model(rate):
    return dense_model(L.Dropout(rate), activation="relu")


def made_model(made, shape):
    return keras.Sequential([keras.Input(shape, name="x"), *made])


def v1_program(case):
    def program():
        x = v1.placeholder(tf.float32, [None, *case.shape], "x")
        y = case.program(x)
        if case.trains:
            v1.train.GradientDescentOptimizer(0.1).minimize(
                tf.reduce_mean(tf.square(y)), var_list=v1.trainable_variables()[-1:]
            )

    return program


def shape_of_other(case):
    """The same images, in the order in which the other model takes them."""
    return (SIZE, SIZE, 3) if case.kind == "data_format" else case.shape
