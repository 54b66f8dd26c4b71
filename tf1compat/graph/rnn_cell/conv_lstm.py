"""Convolutional LSTMs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell.base import RNNCell
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import InitializerLike, ScopeLike, Tensor

__all__ = ["Conv1DLSTMCell", "Conv2DLSTMCell", "Conv3DLSTMCell", "ConvLSTMCell"]

v1 = tf.compat.v1


class ConvLSTMCell(RNNCell):
    """Convolutional LSTM (https://arxiv.org/abs/1506.04214).

    Mirrors `tf.contrib.rnn.ConvLSTMCell`. Inputs [B, *space, C], output [B, *space, O]; the state
    is an `LSTMStateTuple` of both that shape. Variables below the cell's scope: `kernel`
    [*kernel_shape, C + O, 4O], of the gates i, j, f, o in this order, and `biases` [4O].

    Args:
      conv_ndims: number of spatial dimensions, 1, 2 or 3.
      input_shape: shape of the inputs without batch, channels last.
      output_channels: O.
      kernel_shape: size of the kernel in each spatial dimension.
      use_bias: whether there is a bias.
      skip_connection: whether the inputs are concatenated to the output.
      forget_bias: added to f at every step.
      initializers: ignored, as in TensorFlow 1.15: the scope's is used.
      name: name of the variable scope.

    Raises:
      UsageError: (a `ValueError`) `input_shape` doesn't fit `conv_ndims`.
    """

    def __init__(
        self,
        conv_ndims: int,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: Sequence[int],
        use_bias: bool = True,
        skip_connection: bool = False,
        forget_bias: float = 1.0,
        initializers: InitializerLike = None,
        name: ScopeLike = "conv_lstm_cell",
    ) -> None:
        super().__init__(name=name)
        if conv_ndims != len(input_shape) - 1:
            raise UsageError(f"Invalid input_shape {input_shape} for conv_ndims={conv_ndims}.")
        self._conv_ndims = conv_ndims
        self._input_shape = list(input_shape)
        self._output_channels = output_channels
        self._kernel_shape = list(kernel_shape)
        self._use_bias = use_bias
        self._skip_connection = skip_connection
        self._forget_bias = forget_bias

    @property
    def state_size(self) -> LSTMStateTuple:
        """`LSTMStateTuple` of the shape [*space, O], twice."""
        size = tf.TensorShape([*self._input_shape[:-1], self._output_channels])
        return LSTMStateTuple(size, size)

    @property
    def output_size(self) -> tf.TensorShape:
        """[*space, O], or [*space, O + C] with the skip connection."""
        more = self._input_shape[-1] if self._skip_connection else 0
        return tf.TensorShape([*self._input_shape[:-1], self._output_channels + more])

    def call(self, inputs: Tensor, state: LSTMStateTuple) -> tuple[Tensor, LSTMStateTuple]:
        """Returns the output [B, *space, O] and the new `LSTMStateTuple`."""
        c, h = state
        # No peepholes, unlike Shi et al.'s paper.
        gates = self._convolved([inputs, h], 4 * self._output_channels)
        i, j, f, o = tf.split(gates, 4, axis=self._conv_ndims + 1)
        new_c = tf.sigmoid(f + self._forget_bias) * c
        new_c += tf.sigmoid(i) * tf.tanh(j)
        output = tf.tanh(new_c) * tf.sigmoid(o)
        if self._skip_connection:
            # The state takes it, too, so in 1.15 as well a second step fails: h has grown.
            output = tf.concat([output, inputs], axis=-1)
        return output, LSTMStateTuple(new_c, output)

    def _convolved(self, parts: list[Tensor], channels: int) -> Tensor:
        shapes = [part.shape.as_list() for part in parts]
        if len(shapes[0]) not in (3, 4, 5):
            raise UsageError(f"Conv Linear expects 3D, 4D or 5D arguments: {shapes}")
        if len({len(shape) for shape in shapes}) > 1:
            raise UsageError(f"Conv Linear expects all args to be of same Dimension: {shapes}")
        dtype = parts[0].dtype
        depths: list[Any] = [one[-1] for one in shapes]
        shape = [*self._kernel_shape, sum(depths), channels]
        kernel = get_variable("kernel", shape, dtype=dtype)
        product = _convolve(tf.concat(parts, len(shapes[0]) - 1), kernel, len(shapes[0]))
        if not self._use_bias:
            return product
        zero = v1.constant_initializer(0.0)
        # `biases`, not `bias`, and an `add`, not a `BiasAdd`: contrib's `_conv`.
        return product + get_variable("biases", [channels], dtype=dtype, initializer=zero)


def _convolve(value: Tensor, kernel: Tensor, rank: int) -> Tensor:
    if rank == 3:
        return tf.nn.conv1d(value, kernel, 1, "SAME")
    convolve = tf.nn.conv2d if rank == 4 else tf.nn.conv3d
    return convolve(value, kernel, rank * [1], "SAME")


class Conv1DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` over [B, W, C]. Mirrors `tf.contrib.rnn.Conv1DLSTMCell`."""

    def __init__(self, name: ScopeLike = "conv_1d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=1, name=name, **kwargs)


class Conv2DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` over [B, H, W, C]. Mirrors `tf.contrib.rnn.Conv2DLSTMCell`."""

    def __init__(self, name: ScopeLike = "conv_2d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=2, name=name, **kwargs)


class Conv3DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` over [B, Z, H, W, C]. Mirrors `tf.contrib.rnn.Conv3DLSTMCell`."""

    def __init__(self, name: ScopeLike = "conv_3d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=3, name=name, **kwargs)
