"""Simple gated cells: SRU, MinimalRNN, CFN."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.graph.activations import resolve_activation
from tf1compat.graph.initializers import resolve_initializer
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.rnn_cell._arithmetic import affine
from tf1compat.graph.rnn_cell._sized import LayerUnitsCell
from tf1compat.graph.rnn_cell.base import LayerRNNCell, input_depth
from tf1compat.graph.types import (
    Activation,
    ActivationLike,
    DTypeLike,
    InitializerLike,
    ScopeLike,
    ShapeLike,
    Tensor,
)

__all__ = ["CFNCell", "MinimalRNNCell", "SRUCell"]

v1 = tf.compat.v1


class SRUCell(LayerUnitsCell):
    """Simple recurrent unit (https://arxiv.org/abs/1709.02755).

    Mirrors `tf.contrib.rnn.SRUCell`. Inputs [B, D], state and output [B, U]. Variables below
    `sru_cell`: `kernel` [D, 4U] and `bias` [2U], of the gates f and r.

    Args:
      num_units: U.
      activation: function; by default tanh.
      reuse: True gets existing variables instead of making them.
      name: name of the variable scope.
      **kwargs: more arguments of `Layer`.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth.
    """

    def __init__(
        self,
        num_units: int,
        activation: Activation | None = None,
        reuse: bool | None = None,
        name: ScopeLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, **kwargs)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation or tf.tanh

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        units = self._num_units
        self._kernel = self.add_weight("kernel", [input_depth(inputs_shape), 4 * units])
        # Only the gates f and r have a bias.
        self._bias = self.add_weight("bias", [2 * units], initializer=v1.zeros_initializer())
        self.built = True

    def call(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output [B, U] and the new state [B, U]."""
        # The fourth is what passes by: through a matrix, since inputs may be of another depth.
        x, f, r, passed = tf.split(tf.matmul(inputs, self._kernel), 4, axis=1)
        gates = tf.sigmoid(tf.nn.bias_add(tf.concat([f, r], 1), self._bias))
        f, r = tf.split(gates, 2, axis=1)
        c = f * state + (1.0 - f) * x
        h = r * self._activation(c) + (1.0 - r) * passed
        return h, c


class _SimpleCell(LayerRNNCell):
    """What `MinimalRNNCell` and `CFNCell` have in common: arguments and sizes."""

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "ones",
        name: ScopeLike = None,
        dtype: DTypeLike | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.input_spec = InputSpec(ndim=2)
        self.units = units
        # Keras' rule: None is the identity, unlike the other cells'.
        self.activation = resolve_activation(activation)
        self.kernel_initializer = resolve_initializer(kernel_initializer)
        self.bias_initializer = resolve_initializer(bias_initializer)

    @property
    def state_size(self) -> int:
        """`units`."""
        return self.units

    @property
    def output_size(self) -> int:
        """`units`."""
        return self.units


class MinimalRNNCell(_SimpleCell):
    """Minimal recurrent cell (https://arxiv.org/abs/1806.05394).

    Mirrors `tf.contrib.rnn`'s `MinimalRNNCell`. Inputs [B, D], state and output [B, U].
    Variables below `minimal_rnn_cell`: `kernel` [D + 2U, U] and `bias` [U].

    Args:
      units: U.
      activation: of the projected inputs, function or Keras name; None is the identity.
      kernel_initializer: function or Keras name.
      bias_initializer: function or Keras name.
      name: name of the variable scope.
      dtype: dtype of the variables; by default the first input's.
      **kwargs: more arguments of `Layer`.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth.
    """

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        rows = input_depth(inputs_shape) + 2 * self.units
        self.kernel = self.add_weight(
            "kernel", [rows, self.units], initializer=self.kernel_initializer
        )
        self.bias = self.add_weight("bias", [self.units], initializer=self.bias_initializer)
        self.built = True

    def call(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (output, state), the same tensor [B, U] twice."""
        depth = input_depth(inputs.shape)
        # One variable for three matrices: W of the inputs, then those of the gate.
        forward, gate = tf.split(self.kernel, [depth, 2 * self.units], axis=0)
        fed = self.activation(tf.matmul(inputs, forward))
        u = tf.sigmoid(affine([fed, state], gate, bias=self.bias))
        output = u * state + (1 - u) * fed
        return output, output


class CFNCell(_SimpleCell):
    """Chaos-free network cell (https://openreview.net/pdf?id=S1dIzvclg).

    Mirrors `tf.contrib.rnn`'s `CFNCell`. Inputs [B, D], state and output [B, U]. Variables below
    `cfn_cell`: `kernel` [D, 3U], `recurrent_kernel` [U, 2U] and `bias` [2U].

    Args:
      units: U.
      activation: function or Keras name; None is the identity.
      kernel_initializer: of both kernels, function or Keras name.
      bias_initializer: function or Keras name.
      name: name of the variable scope.
      dtype: dtype of the variables; by default the first input's.
      **kwargs: more arguments of `Layer`.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth.
    """

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        depth, units, initializer = input_depth(inputs_shape), self.units, self.kernel_initializer
        self.kernel = self.add_weight("kernel", [depth, 3 * units], initializer=initializer)
        self.recurrent_kernel = self.add_weight(
            "recurrent_kernel", [units, 2 * units], initializer=initializer
        )
        self.bias = self.add_weight("bias", [2 * units], initializer=self.bias_initializer)
        self.built = True

    def call(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (output, state), the same tensor [B, U] twice."""
        input_depth(inputs.shape)
        v, w = tf.split(self.kernel, [2 * self.units, self.units], axis=1)
        gates = tf.matmul(state, self.recurrent_kernel) + tf.matmul(inputs, v)
        # theta, eta; `kernel` ends with the inputs' own W, which has no bias.
        theta, eta = tf.split(tf.sigmoid(tf.nn.bias_add(gates, self.bias)), 2, axis=1)
        fed = self.activation(tf.matmul(inputs, w))
        output = theta * self.activation(state) + (1 - eta) * fed
        return output, output
