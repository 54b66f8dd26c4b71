"""The basic LSTM."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.rnn_cell._arithmetic import affine
from tf1compat.graph.rnn_cell._default_activation import activation_name, resolve_activation
from tf1compat.graph.rnn_cell.base import LayerRNNCell, check_floating
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple
from tf1compat.graph.types import (
    ActivationLike,
    DTypeLike,
    ScopeLike,
    ShapeLike,
    State,
    StateSize,
    Tensor,
)

__all__ = ["BasicLSTMCell"]

v1 = tf.compat.v1


class BasicLSTMCell(LayerRNNCell):
    """LSTM without peepholes or projection (https://arxiv.org/abs/1409.2329).

    Mirrors `tf.nn.rnn_cell.BasicLSTMCell`. Inputs [B, D], output [B, U]. Variables below the
    cell's scope: `kernel` [D + U, 4U] and `bias` [4U], of the gates i, j, f, o in this order.
    `forget_bias` is added to f at every step and is no part of `bias`.

    Args:
      num_units: U.
      forget_bias: see above; 0.0 for weights that CudnnLSTM trained.
      state_is_tuple: whether the state is an `LSTMStateTuple` (c, h), each [B, U], or one
        tensor [B, 2U].
      activation: function or Keras name; by default tanh.
      reuse: True gets existing variables instead of making them.
      name: name of the variable scope; by default `basic_lstm_cell`.
      dtype: dtype of the variables; by default the first input's.
      **kwargs: more arguments of `Layer`, such as `trainable`.

    Raises:
      UsageError: (a `ValueError`) a dtype that isn't floating point; inputs of unknown depth.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: ActivationLike = None,
        reuse: bool | None = None,
        name: ScopeLike = None,
        dtype: DTypeLike | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_floating(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = resolve_activation(activation)

    @property
    def state_size(self) -> StateSize:
        """`LSTMStateTuple(U, U)`, or 2U where the state is one tensor."""
        units = self._num_units
        return LSTMStateTuple(units, units) if self._state_is_tuple else 2 * units

    @property
    def output_size(self) -> int:
        """`num_units`."""
        return self._num_units

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes `kernel` and `bias` for inputs [B, D]."""
        depth = self._floating_build(inputs_shape)
        units = self._num_units
        # No initializer: the scope's, else Glorot uniform over all four gates as one matrix.
        self._kernel = self.add_weight("kernel", [depth + units, 4 * units])
        self._bias = self.add_weight("bias", [4 * units], initializer=v1.zeros_initializer())
        self.built = True

    def call(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns the output [B, U] and the new state, structured as `state`."""
        check_floating(inputs, state)
        axis = tf.constant(1, tf.int32)  # one constant for every concat and split
        parts: Any = state if self._state_is_tuple else tf.split(state, 2, axis=axis)
        c, h = parts
        gates = affine([inputs, h], self._kernel, bias=self._bias, axis=axis)
        # i, j, f, o; Keras has i, f, c, o: move columns when weights cross over.
        i, j, f, o = tf.split(gates, 4, axis=axis)
        # In f's dtype, so that half precision stays half (`forget_bias_tensor`).
        biased = tf.add(f, tf.constant(self._forget_bias, f.dtype))
        # Functions, not operators, whose nodes are `mul` and `add`: 1.15 has `Mul` and `Add`.
        kept = tf.multiply(c, tf.sigmoid(biased))
        new_c = tf.add(kept, tf.multiply(tf.sigmoid(i), self._activation(j)))
        new_h = tf.multiply(self._activation(new_c), tf.sigmoid(o))
        if self._state_is_tuple:
            return new_h, LSTMStateTuple(new_c, new_h)
        # Memory first: the columns of a joined state are c, then h.
        return new_h, tf.concat([new_c, new_h], axis)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        config = {
            "num_units": self._num_units,
            "forget_bias": self._forget_bias,
            "state_is_tuple": self._state_is_tuple,
            "activation": activation_name(self._activation),
            "reuse": self._reuse,
        }
        return super().get_config() | config
