"""The gated recurrent unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf1compat.graph.initializers import resolve_initializer
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.rnn_cell._arithmetic import affine
from tf1compat.graph.rnn_cell._config import initializer_config
from tf1compat.graph.rnn_cell._default_activation import activation_name, resolve_activation
from tf1compat.graph.rnn_cell._sized import LayerUnitsCell
from tf1compat.graph.rnn_cell.base import check_floating
from tf1compat.graph.types import (
    ActivationLike,
    DTypeLike,
    InitializerLike,
    ScopeLike,
    ShapeLike,
    Tensor,
    Variable,
)

__all__ = ["GRUCell"]

v1 = tf.compat.v1


class GRUCell(LayerUnitsCell):
    """Gated recurrent unit (https://arxiv.org/abs/1406.1078). Mirrors `tf.nn.rnn_cell.GRUCell`.

    Inputs [B, D], state and output [B, U]. Variables below the cell's scope: `gates/kernel`
    [D + U, 2U] and `gates/bias` [2U], of the gates r and u in this order (the bias starts at
    one), then `candidate/kernel` [D + U, U] and `candidate/bias` [U].

    Args:
      num_units: U.
      activation: of the candidate, function or Keras name; by default tanh.
      reuse: True gets existing variables instead of making them.
      kernel_initializer: for both kernels; by default the variable scope's.
      bias_initializer: for both biases; by default one for the gates, zero for the candidate.
      name: name of the variable scope; by default `gru_cell`.
      dtype: dtype of the variables; by default the first input's.
      **kwargs: more arguments of `Layer`, such as `trainable`.

    Raises:
      UsageError: (a `ValueError`) a dtype that isn't floating point; inputs of unknown depth.
    """

    def __init__(
        self,
        num_units: int,
        activation: ActivationLike = None,
        reuse: bool | None = None,
        kernel_initializer: InitializerLike = None,
        bias_initializer: InitializerLike = None,
        name: ScopeLike = None,
        dtype: DTypeLike | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_floating(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = resolve_activation(activation)
        self._kernel_initializer = resolve_initializer(kernel_initializer)
        self._bias_initializer = resolve_initializer(bias_initializer)

    def _add_pair(
        self, name: str, shape: list[int], bias_initializer: InitializerLike
    ) -> tuple[Variable, Variable]:
        """Makes `<name>/kernel` of `shape` and `<name>/bias` of its last size."""
        kernel = self.add_weight(f"{name}/kernel", shape, initializer=self._kernel_initializer)
        if self._bias_initializer is not None:
            # One given initializer replaces both starts, the gates' 1 as well.
            bias_initializer = self._bias_initializer
        bias = self.add_weight(f"{name}/bias", shape[-1:], initializer=bias_initializer)
        return kernel, bias

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the two kernels and biases for inputs [B, D]."""
        units = self._num_units
        rows = self._floating_build(inputs_shape) + units
        # Gates start at 1, "don't reset, don't update"; Keras starts them at 0.
        ones, zeros = v1.constant_initializer(1.0), v1.zeros_initializer()
        self._gate_kernel, self._gate_bias = self._add_pair("gates", [rows, 2 * units], ones)
        self._candidate_kernel, self._candidate_bias = self._add_pair(
            "candidate", [rows, units], zeros
        )
        self.built = True

    def _gates(self, inputs: Tensor, state: Tensor) -> Sequence[Tensor]:
        both = tf.sigmoid(affine([inputs, state], self._gate_kernel, bias=self._gate_bias))
        return tf.split(both, 2, axis=1)

    def call(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (output, state), the same tensor [B, num_units] twice."""
        check_floating(inputs, state)
        # r, u; Keras' kernel has z (which is u) first.
        r, u = self._gates(inputs, state)
        # Reset before the product; cuDNN and Keras' `reset_after` reset its result.
        parts = [inputs, r * state]
        candidate = affine(parts, self._candidate_kernel, bias=self._candidate_bias)
        c = self._activation(candidate)
        output = u * state + (1 - u) * c
        return output, output

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        config = {
            "num_units": self._num_units,
            "kernel_initializer": initializer_config(self._kernel_initializer),
            "bias_initializer": initializer_config(self._bias_initializer),
            "activation": activation_name(self._activation),
            "reuse": self._reuse,
        }
        return super().get_config() | config
