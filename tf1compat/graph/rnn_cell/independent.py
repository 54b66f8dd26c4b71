"""Cells whose units see only their own state."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.rnn_cell._sized import LayerPairCell, LayerUnitsCell
from tf1compat.graph.rnn_cell.base import input_depth
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple
from tf1compat.graph.types import (
    Activation,
    DTypeLike,
    Initializer,
    InitializerLike,
    ScopeLike,
    ShapeLike,
    Tensor,
    Variable,
)

__all__ = ["IndRNNCell", "IndyGRUCell", "IndyLSTMCell"]

v1 = tf.compat.v1


def _recurrent() -> Initializer:
    # Recurrent weights start so whatever `kernel_initializer` says.
    return v1.random_uniform_initializer(minval=-1, maxval=1)


class IndRNNCell(LayerUnitsCell):
    """Independently recurrent cell (https://arxiv.org/abs/1803.04831).

    Mirrors `tf.contrib.rnn.IndRNNCell`. Inputs [B, D], state and output [B, U]. Variables below
    `ind_rnn_cell`: `kernel_w` [D, U], `kernel_u` [1, U] (uniform in [-1, 1)), `bias` [U].

    Args:
      num_units: U.
      activation: function; by default tanh.
      reuse: True gets existing variables instead of making them.
      name: name of the variable scope.
      dtype: dtype of the variables; by default the first input's.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth.
    """

    def __init__(
        self,
        num_units: int,
        activation: Activation | None = None,
        reuse: bool | None = None,
        name: ScopeLike = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation or tf.tanh

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        depth, units = input_depth(inputs_shape), self._num_units
        self._kernel_w = self.add_weight("kernel_w", [depth, units])
        self._kernel_u = self.add_weight("kernel_u", [1, units], initializer=_recurrent())
        self._bias = self.add_weight("bias", [units], initializer=v1.zeros_initializer())
        self.built = True

    def call(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (output, state), the same tensor [B, U] twice."""
        gates = tf.matmul(inputs, self._kernel_w) + state * self._kernel_u
        output = self._activation(tf.nn.bias_add(gates, self._bias))
        return output, output


class IndyGRUCell(LayerUnitsCell):
    """GRU whose units see only their own state (https://arxiv.org/abs/1803.04831).

    Mirrors `tf.contrib.rnn.IndyGRUCell`. Inputs [B, D], state and output [B, U]. Variables below
    `indy_gru_cell`: `gates/kernel_w` [D, 2U], `gates/kernel_u` [1, 2U], `gates/bias` [2U] (starts
    at one), `candidate/kernel` [D, U], `candidate/kernel_u` [1, U], `candidate/bias` [U].

    Args:
      num_units: U.
      activation: of the candidate; by default tanh.
      reuse: True gets existing variables instead of making them.
      kernel_initializer: of the inputs' kernels; by default the scope's.
      bias_initializer: of both biases; by default one for the gates, zero for the candidate.
      name: name of the variable scope.
      dtype: dtype of the variables; by default the first input's.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth.
    """

    def __init__(
        self,
        num_units: int,
        activation: Activation | None = None,
        reuse: bool | None = None,
        kernel_initializer: InitializerLike = None,
        bias_initializer: InitializerLike = None,
        name: ScopeLike = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation or tf.tanh
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    def _add(
        self, kernel: str, shape: list[int], bias: InitializerLike
    ) -> tuple[Variable, Variable, Variable]:
        """Makes `kernel`, its scope's `kernel_u` and `bias`, which starts as `bias` says."""
        scope = kernel.split("/")[0]
        if self._bias_initializer is not None:
            bias = self._bias_initializer
        initializer = self._kernel_initializer
        return (
            self.add_weight(kernel, shape, initializer=initializer),
            self.add_weight(f"{scope}/kernel_u", [1, shape[1]], initializer=_recurrent()),
            self.add_weight(f"{scope}/bias", [shape[1]], initializer=bias),
        )

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        depth, units = input_depth(inputs_shape), self._num_units
        ones, zeros = v1.constant_initializer(1.0), v1.zeros_initializer()
        self._gates = self._add("gates/kernel_w", [depth, 2 * units], ones)
        # `candidate/kernel`, without the `_w` of the gates': so 1.15 names it.
        self._candidate = self._add("candidate/kernel", [depth, units], zeros)
        self.built = True

    def call(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (output, state), the same tensor [B, U] twice."""
        # The state is repeated for each gate: its weights are a row, not a matrix.
        gates = tf.sigmoid(_own(inputs, tf.tile(state, [1, 2]), self._gates))
        r, u = tf.split(gates, 2, axis=1)
        c = self._activation(_own(inputs, r * state, self._candidate))
        output = u * state + (1 - u) * c
        return output, output


class IndyLSTMCell(LayerPairCell):
    """LSTM whose units see only their own state (https://arxiv.org/abs/1903.08023).

    Mirrors `tf.contrib.rnn.IndyLSTMCell`. Inputs [B, D], output [B, U], state `LSTMStateTuple`
    of [B, U]. Variables below `indy_lstm_cell`: `kernel_w` [D, 4U], `kernel_u` [1, 4U] and
    `bias` [4U], of the gates i, j, f, o in this order.

    Args:
      num_units: U.
      forget_bias: added to f at every step.
      activation: function; by default tanh.
      reuse: True gets existing variables instead of making them.
      kernel_initializer: of `kernel_w`; by default the scope's.
      bias_initializer: of `bias`; by default zero.
      name: name of the variable scope.
      dtype: dtype of the variables; by default the first input's.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        activation: Activation | None = None,
        reuse: bool | None = None,
        kernel_initializer: InitializerLike = None,
        bias_initializer: InitializerLike = None,
        name: ScopeLike = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._activation = activation or tf.tanh
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        depth, width = input_depth(inputs_shape), 4 * self._num_units
        initializer, bias = self._kernel_initializer, self._bias_initializer
        bias = v1.zeros_initializer() if bias is None else bias
        self._weights = (
            self.add_weight("kernel_w", [depth, width], initializer=initializer),
            self.add_weight("kernel_u", [1, width], initializer=_recurrent()),
            self.add_weight("bias", [width], initializer=bias),
        )
        self.built = True

    def call(self, inputs: Tensor, state: LSTMStateTuple) -> tuple[Tensor, LSTMStateTuple]:
        """Returns the output [B, U] and the new `LSTMStateTuple`."""
        c, h = state
        gates = _own(inputs, tf.tile(h, [1, 4]), self._weights)
        i, j, f, o = tf.split(gates, 4, axis=1)
        # The functions, not the operators, give the tensors 1.15's names.
        kept = tf.multiply(c, tf.sigmoid(tf.add(f, self._forget_bias)))
        new_c = tf.add(kept, tf.multiply(tf.sigmoid(i), self._activation(j)))
        new_h = tf.multiply(self._activation(new_c), tf.sigmoid(o))
        return new_h, LSTMStateTuple(new_c, new_h)


def _own(inputs: Tensor, state: Tensor, weights: tuple[Variable, Variable, Variable]) -> Tensor:
    """Returns `inputs @ kernel + state * kernel_u + bias`, [B, N]."""
    kernel, kernel_u, bias = weights
    return tf.nn.bias_add(tf.matmul(inputs, kernel) + state * kernel_u, bias)
