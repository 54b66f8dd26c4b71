"""Gradients of a few rows of a table, which TensorFlow alone has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

__all__ = ["clipped_together", "dense_gradient", "divided", "read_rows", "rows_of", "write_rows"]


def rows_of(gradient: Any) -> tuple[Any, Any] | None:
    """Returns the rows that a gradient has, and their numbers, each once; None if it has them all.

    As 1.15 does, and Keras doesn't, what one row gets from several places is added up before
    anything else is done with it.
    """
    if keras.config.backend() != "tensorflow":
        return None
    import tensorflow as tf

    if not isinstance(gradient, tf.IndexedSlices):
        return None
    numbers, places = tf.unique(gradient.indices)
    return tf.math.unsorted_segment_sum(gradient.values, places, tf.size(numbers)), numbers


def divided(gradient: Any, number: float) -> Any:
    """Returns a gradient divided by a number, with the rows that it has; None as it is."""
    if gradient is None or rows_of(gradient) is None:
        return gradient if gradient is None else gradient / number
    import tensorflow as tf

    return tf.IndexedSlices(gradient.values / number, gradient.indices, gradient.dense_shape)


def clipped_together(gradients: Sequence[Any], limit: float) -> list[Any] | None:
    """Returns gradients clipped by their norm in all; None where Keras does that as 1.15 does.

    `tf.clip_by_global_norm` of 1.15 takes the norm of rows as they come, what one row gets from
    several places not added up, and leaves it at these rows. Keras makes whole tables of them.
    """
    if all(one is None or rows_of(one) is None for one in gradients):
        return None
    import tensorflow as tf

    clipped, _ = tf.clip_by_global_norm(list(gradients), limit)
    return list(clipped)


def dense_gradient(gradient: Any) -> Any:
    """Returns a gradient with all of its rows; what one gets from several places is added up."""
    if keras.config.backend() != "tensorflow":
        return gradient
    import tensorflow as tf

    return tf.convert_to_tensor(gradient)


def read_rows(variable: Any, numbers: Any) -> Any:
    """Returns some rows of a variable."""
    return keras.ops.take(keras.ops.convert_to_tensor(variable), numbers, axis=0)


def write_rows(values: Any, numbers: Any) -> Any:
    """Returns what `Optimizer.assign` takes to give some rows other values."""
    import tensorflow as tf

    return tf.IndexedSlices(values, numbers)
