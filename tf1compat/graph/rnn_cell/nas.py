"""The cell found by neural architecture search."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.graph.rnn_cell._sized import LayerPairCell
from tf1compat.graph.rnn_cell.base import input_depth
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple
from tf1compat.graph.types import ShapeLike, Tensor

__all__ = ["NASCell"]

v1 = tf.compat.v1

_BRANCHES = 8


class NASCell(LayerPairCell):
    """Recurrent cell of neural architecture search (https://arxiv.org/abs/1611.01578).

    Mirrors `tf.contrib.rnn.NASCell`. Inputs [B, D], output [B, P], state `LSTMStateTuple`.
    Variables below `nas_cell`: `recurrent_kernel` [P, 8U], `kernel` [D, 8U], `bias` [8U] on
    demand and `projection_weights` [U, P] with projection.

    Args:
      num_units: U.
      num_proj: P, or None for no projection.
      use_bias: whether there is a bias.
      reuse: True gets existing variables instead of making them.
      **kwargs: more arguments of `Layer`, such as `name`.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth.
    """

    def __init__(
        self,
        num_units: int,
        num_proj: int | None = None,
        use_bias: bool = False,
        reuse: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, **kwargs)
        self._num_units = num_units
        self._num_proj = num_proj
        self._use_bias = use_bias

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        width = _BRANCHES * self._num_units
        depth = input_depth(tf.TensorShape(inputs_shape).with_rank(2))
        # Before `kernel`, and P rows: the projected output is what comes back.
        self.recurrent_kernel = self.add_weight("recurrent_kernel", [self.output_size, width])
        self.kernel = self.add_weight("kernel", [depth, width])
        if self._use_bias:
            self.bias = self.add_weight("bias", [width], initializer=v1.zeros_initializer())
        if self._num_proj is not None:
            shape = [self._num_units, self._num_proj]
            self.projection_weights = self.add_weight("projection_weights", shape)
        self.built = True

    def call(self, inputs: Tensor, state: LSTMStateTuple) -> tuple[Tensor, LSTMStateTuple]:
        """Returns the output [B, P] and the new `LSTMStateTuple`."""
        c, h = state
        recurrent = tf.matmul(h, self.recurrent_kernel)
        fed = tf.matmul(inputs, self.kernel)
        if self._use_bias:
            # To the recurrent half alone: in branch 3, a product, that makes a difference.
            recurrent = tf.nn.bias_add(recurrent, self.bias)
        new_c, new_h = _combine(
            tf.split(fed, _BRANCHES, axis=1), tf.split(recurrent, _BRANCHES, axis=1), c
        )
        if self._num_proj is not None:
            new_h = tf.matmul(new_h, self.projection_weights)
        return new_h, LSTMStateTuple(new_c, new_h)


def _combine(x: list[Tensor], m: list[Tensor], c: Tensor) -> tuple[Tensor, Tensor]:
    """Returns (new memory, output) of the found tree over the eight branches of x and m."""
    sigmoid, tanh, relu = tf.sigmoid, tf.tanh, tf.nn.relu
    first = tanh(sigmoid(x[0] + m[0]) * relu(x[1] + m[1]))
    # The one branch in which inputs and state multiply.
    second = tanh(sigmoid(x[2] + m[2]) + relu(x[3] * m[3]))
    third = tanh(tanh(x[4] + m[4]) * sigmoid(x[5] + m[5]))
    fourth = sigmoid(tanh(x[6] + m[6]) + sigmoid(x[7] + m[7]))
    new_c = tanh(first + c) * second
    return new_c, tanh(new_c * tanh(third + fourth))
