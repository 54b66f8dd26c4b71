"""`get_variable` as TensorFlow 1.15 had it, where today's differs.

Today's `tf.compat.v1.get_variable` runs a regularizer twice as a variable is made, once more
whenever its loss is used, and puts a stand-in, not a `tf.Tensor`, into REGULARIZATION_LOSSES.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

__all__ = ["get_variable"]

v1 = tf.compat.v1


def get_variable(name: str, shape: Any = None, **kwargs: Any) -> Any:
    """Gets or makes a variable of the current variable scope.

    Mirrors `tf.get_variable` of TensorFlow 1.15, whose arguments it takes. It differs from
    `tf.compat.v1.get_variable` in regularizers: each runs once, for a new variable, and its
    loss goes into REGULARIZATION_LOSSES as a plain scalar tensor.

    Args:
      name: the variable's name in the scope.
      shape: its shape; may be None where it exists or the initializer is a value.
      **kwargs: `dtype`, `initializer`, `regularizer`, `trainable`, `collections`,
        `caching_device`, `partitioner`, `validate_shape`, `use_resource`, `custom_getter`,
        `constraint`, `synchronization`, `aggregation`.

    Returns:
      The variable, a `PartitionedVariable`, or what a custom getter made of it.

    Raises:
      ValueError: the variable exists and is not to be reused, or the reverse; or its shape or
        dtype differs from the one asked for.
    """
    regularizer = kwargs.get("regularizer")
    if regularizer is None:
        regularizer = v1.get_variable_scope().regularizer
    if regularizer is not None:
        kwargs["regularizer"] = _once(regularizer)
    return v1.get_variable(name, shape, **kwargs)


def _once(regularizer: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Returns a regularizer that files the loss itself, so that TF makes none of its own."""
    return functools.update_wrapper(functools.partial(_file_loss, regularizer), regularizer)


def _file_loss(regularizer: Callable[[Any], Any], variable: Any) -> None:
    scope = f"{variable.op.name}/Regularizer/"
    graph = v1.get_default_graph()
    with graph.colocate_with(variable.op), v1.name_scope(scope), tf.init_scope():
        loss = regularizer(variable)
    if loss is not None:
        v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, loss)
