"""Helpers over sequences that custom recurrent functions use."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell.state_tuple import static_size
from tf1compat.graph.types import BatchSize, Tensor

__all__ = ["best_effort_input_batch_size", "transpose_batch_time"]


def transpose_batch_time(x: Tensor) -> Tensor:
    """Returns `x` with its first two dimensions exchanged; of rank below two, `x` itself.

    Mirrors `tf.contrib.rnn.transpose_batch_time`.
    """
    static = x.shape
    # A vector has no time to exchange with.
    if static.rank is not None and static.rank < 2:
        return x
    swapped = tf.transpose(x, tf.concat([[1, 0], tf.range(2, tf.rank(x))], axis=0))
    sizes = [static_size(static, 1), static_size(static, 0)] if static.rank else [None, None]
    swapped.set_shape(tf.TensorShape(sizes).concatenate(static[2:]))
    return swapped


def best_effort_input_batch_size(flat_input: Sequence[Tensor]) -> BatchSize:
    """Returns the batch size of time-major tensors [T, B, ...], an int where one tells it.

    Mirrors `tf.contrib.rnn.best_effort_input_batch_size`.

    Raises:
      UsageError: (a `ValueError`) a tensor of rank below two.
    """
    for tensor in flat_input:
        rank = tensor.shape.rank
        if rank is None:
            continue
        if rank < 2:
            raise UsageError(f"Expected input tensor {tensor.name} to have rank at least 2")
        size = static_size(tensor.shape, 1)
        if size is not None:
            return size
    # Only where no tensor tells it statically, and then by the first.
    return tf.shape(flat_input[0])[1]
