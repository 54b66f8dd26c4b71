"""Keras layers in v1 scopes: a scope to be reused shares none of their weights, and says so."""

import pytest
import tensorflow as tf

from tf1compat.errors import GraphError, SharingError
from tf1compat.graph import Scope, get_variable, shared, variable_scope

v1 = tf.compat.v1


@pytest.fixture(autouse=True)
def inputs():
    with tf.Graph().as_default():
        yield v1.placeholder(tf.float32, [2, 3])


def dense(inputs):
    return tf.keras.layers.Dense(2, name="d")(inputs)


def names():
    return [variable.op.name for variable in v1.global_variables()]


def reuse_by_argument(inputs):
    with variable_scope("s", reuse=True):
        dense(inputs)


def reuse_by_call(inputs):
    with variable_scope("s") as scope:
        scope.reuse_variables()
        dense(inputs)


def reuse_around(inputs):
    with v1.variable_scope("s", reuse=True), variable_scope("inner"):
        dense(inputs)


def reuse_by_value(inputs):
    with Scope("s", reuse=True).open():
        dense(inputs)


@pytest.mark.parametrize("ask", [reuse_by_argument, reuse_by_call, reuse_around, reuse_by_value])
def test_a_layer_where_all_is_to_be_reused(inputs, ask):
    # 1.15.5 makes s/d/kernel and s_1/d/kernel, and so does a scope of today's tf.compat.v1.
    with variable_scope("s"):
        dense(inputs)
    message = (
        r"d/kernel: expected to be reused, as variable scope 's(/inner)?' says, found a Keras "
        r"layer, which makes it anew \[.*graph_keras_layers_test\.py:\d+\]; make the layer once"
    )
    with pytest.raises(GraphError, match=message):
        ask(inputs)
    assert names() == ["s/d/kernel", "s/d/bias"]


def test_a_layer_made_before_is_shared(inputs):
    layer = tf.keras.layers.Dense(2, name="d")
    with variable_scope("s"):
        layer(inputs)
    with variable_scope("s", reuse=True):
        layer(inputs)
    assert names() == ["s/d/kernel", "s/d/bias"]


def test_elsewhere_layers_are_made_as_before(inputs):
    with variable_scope("s", reuse=v1.AUTO_REUSE):
        dense(inputs)
    assert names() == ["s/d/kernel", "s/d/bias"]


def test_variables_of_one_s_own_are_made_as_in_1_15(inputs):
    class Scaled(tf.keras.layers.Layer):
        def call(self, x):  # code that Keras calls isn't Keras'
            return x * v1.Variable(2.0, name="mine")

    with variable_scope("s"):
        get_variable("w", [])
    with variable_scope("s", reuse=True):
        get_variable("w", [])
        v1.Variable(1.0, name="v")
        Scaled()(inputs)
    assert len(names()) == 3


def test_a_shared_function_refuses_them_as_it_does_all(inputs):
    tower = shared("tower")(dense)
    tower(inputs)
    with pytest.raises(
        SharingError, match=r"later call would create .*\n.*graph_keras_layers_test"
    ):
        tower(inputs)
