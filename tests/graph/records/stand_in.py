"""This package in the place of TensorFlow 1.15's `tf`, for the suite that replays the records."""

import contextlib
import types

import tensorflow as tf

from tf1compat import graph
from tf1compat.graph import layers


class StandIn(types.ModuleType):
    """`tf.compat.v1` with this package's scopes and layers in place of its own."""

    layers = layers
    get_variable = staticmethod(graph.get_variable)
    make_template = staticmethod(graph.make_template)
    variable_scope = graph.variable_scope

    def __getattr__(self, name):
        return getattr(tf.compat.v1, name)


TF = StandIn("tf")

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


@contextlib.contextmanager
def as_in_1x():
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
