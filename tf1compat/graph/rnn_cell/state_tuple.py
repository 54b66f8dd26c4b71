"""States of recurrent cells: the LSTM's pair, and zeros of any state size."""

from __future__ import annotations

import collections
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.types import BatchSize, DType, DTypeLike, ShapeLike, State, StateSize, Tensor

__all__ = ["LSTMStateTuple", "columns", "size_of", "static_size", "zero_state_tensors"]

_Pair = collections.namedtuple("LSTMStateTuple", ("c", "h"))  # type: ignore[name-match]


class LSTMStateTuple(_Pair):
    """The state of an LSTM: `c`, the memory [B, D], and `h`, the output [B, P].

    Mirrors `tf.nn.rnn_cell.LSTMStateTuple`. As a `state_size` it holds the sizes D and P.
    """

    __slots__ = ()

    @property
    def dtype(self) -> DType:
        """The dtype of both tensors.

        Raises:
          TypeError: `c` and `h` differ in dtype.
        """
        c, h = self
        if c.dtype != h.dtype:
            raise TypeError(f"Inconsistent internal state: {c.dtype} vs {h.dtype}")
        return c.dtype


def static_size(shape: ShapeLike, axis: int) -> int | None:
    """Returns the size of a static shape along `axis`, None where it isn't known."""
    return tf.compat.dimension_value(tf.TensorShape(shape)[axis])


def size_of(tensor: Tensor, axis: int) -> int | Tensor:
    """Returns a tensor's size along `axis`: an int where it is known, else an int32 tensor."""
    known = static_size(tensor.shape, axis)
    return tf.shape(tensor)[axis] if known is None else known


def columns(state: State, start: int, *, size: int) -> Tensor:
    """Returns the `size` columns from `start` of a concatenated state [B, S]."""
    # A slice, not `state[:, a:b]`: a node `Slice`, as in 1.15's graphs.
    return tf.slice(state, [0, start], [-1, size])


def zero_state_tensors(state_size: StateSize, batch_size: BatchSize, *, dtype: DTypeLike) -> State:
    """Returns zeros [B] + size for each size of the nested `state_size`.

    Args:
      state_size: structure of int, `tf.TensorShape` or int32 tensor.
      batch_size: int, or an int32 tensor, scalar or vector (leading dimensions).
      dtype: dtype of the zeros.

    Raises:
      UsageError: (a `ValueError`) a size or `batch_size` isn't known.
    """
    return tf.nest.map_structure(lambda size: _zeros(size, batch_size, dtype=dtype), state_size)


def _zeros(size: Any, batch_size: BatchSize, *, dtype: DTypeLike) -> Tensor:
    static = _static(batch_size).concatenate(_static(size))
    if not (tf.is_tensor(batch_size) or tf.is_tensor(size)) and static.is_fully_defined():
        return tf.zeros(static, dtype)  # one constant where 1.15 made six nodes
    # Filled from a `concat` of the sizes, as in 1.15's `_zero_state_tensors`, the shape then told.
    zeros = tf.zeros(tf.concat([_vector(batch_size, size), _vector(size, size)], 0), dtype)
    zeros.set_shape(static)
    return zeros


def _static(size: Any) -> tf.TensorShape:
    if not tf.is_tensor(size):
        return tf.TensorShape(size)
    rank = size.shape.rank
    if rank is None:
        return tf.TensorShape(None)
    if rank > 1:
        raise UsageError(f"prefix tensor must be either a scalar or vector, but saw tensor: {size}")
    value = tf.get_static_value(size)
    if value is not None:
        return tf.TensorShape(value.tolist())
    return tf.TensorShape([None] * (1 if rank == 0 else static_size(size.shape, 0) or 0))


def _vector(size: Any, told: Any) -> Tensor:
    if not tf.is_tensor(size):
        shape = tf.TensorShape(size)
        if not shape.is_fully_defined():
            raise UsageError(
                f"Provided a prefix or suffix of None: {size} (state size {told}); zero states "
                "need the batch size and every state size"
            )
        return tf.constant(shape.as_list(), tf.int32)
    return tf.expand_dims(size, 0) if size.shape.rank == 0 else size
