"""This package in the place of TensorFlow 1.15, for the tests that replay its records."""

import contextlib
import json
import types

import tensorflow as tf

from tf1compat import graph
from tf1compat.graph import layers, rnn_cell


class _ScopesAndLayers(types.ModuleType):
    """`tf.compat.v1` with this package's scopes and layers in place of its own."""

    layers = layers
    get_variable = staticmethod(graph.get_variable)
    make_template = staticmethod(graph.make_template)
    variable_scope = graph.variable_scope

    def __getattr__(self, name):
        return getattr(tf.compat.v1, name)


TF = _ScopesAndLayers("tf")
LAYERS = types.SimpleNamespace(**{name: getattr(layers, name) for name in layers.__all__})
CELLS = types.SimpleNamespace(
    **{
        name: getattr(tf.compat.v1.nn, name)
        for name in dir(tf.compat.v1.nn)
        if "rnn" in name and name != "rnn_cell"
    }
    | {name: getattr(rnn_cell, name) for name in rnn_cell.__all__}
)
CONTRIB = types.SimpleNamespace(
    xavier=graph.xavier_initializer,
    variance_scaling=graph.contrib_variance_scaling_initializer,
    delta_orthogonal=graph.convolutional_delta_orthogonal,
    l1_regularizer=graph.l1_regularizer,
    l2_regularizer=graph.l2_regularizer,
    l1_l2_regularizer=graph.l1_l2_regularizer,
    sum_regularizer=graph.sum_regularizer,
    apply_regularization=graph.apply_regularization,
)


def plainly():
    """Returns the configuration of a session that runs a graph as it stands.

    A record's graph runs once: rewriting it first takes longer than running it.
    """
    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = -1
    return config


def plain(value):
    """Returns what JSON makes of a value: the records hold that."""
    return json.loads(json.dumps(value))


@contextlib.contextmanager
def defaults_of_1_15():
    """Reference variables and control flow as 1.15 had by default, put back afterwards."""
    resource = tf.compat.v1.resource_variables_enabled()
    flow = tf.compat.v1.control_flow_v2_enabled()
    tf.compat.v1.disable_resource_variables()
    tf.compat.v1.disable_control_flow_v2()
    try:
        yield
    finally:
        if resource:
            tf.compat.v1.enable_resource_variables()
        if flow:
            tf.compat.v1.enable_control_flow_v2()


@contextlib.contextmanager
def defaults_and_dimensions_of_1_15():
    """The same, with shapes of `Dimension` objects, as cells met them in 1.15."""
    with defaults_of_1_15():
        tf.compat.v1.disable_v2_tensorshape()
        try:
            yield
        finally:
            tf.compat.v1.enable_v2_tensorshape()
