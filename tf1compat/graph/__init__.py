"""A live TensorFlow 1 graph: scopes, layers, cells, queries, assigns. Public tf.compat.v1 only."""

from tf1compat.graph.initializer_guide import InitializerAdvice, initializer_for
from tf1compat.graph.initializers import (
    contrib_variance_scaling_initializer,
    convolutional_delta_orthogonal,
    xavier_initializer,
    xavier_initializer_conv2d,
)
from tf1compat.graph.regularizers import (
    apply_regularization,
    l1_l2_regularizer,
    l1_regularizer,
    l2_regularizer,
    sum_regularizer,
)
from tf1compat.graph.scopes import Scope
from tf1compat.graph.sharing import Shared, make_template, shared
from tf1compat.graph.variable_scope import get_variable, variable_scope

__all__ = [
    "InitializerAdvice",
    "Scope",
    "Shared",
    "apply_regularization",
    "contrib_variance_scaling_initializer",
    "convolutional_delta_orthogonal",
    "get_variable",
    "initializer_for",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "make_template",
    "shared",
    "sum_regularizer",
    "variable_scope",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]
