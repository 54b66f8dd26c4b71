"""The plain recurrent cell: `output = new_state = tanh([x, h] W + b)`."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.rnn_cell._arithmetic import affine
from tf1compat.graph.rnn_cell._default_activation import activation_name, resolve_activation
from tf1compat.graph.rnn_cell._sized import LayerUnitsCell
from tf1compat.graph.rnn_cell.base import check_floating
from tf1compat.graph.types import ActivationLike, DTypeLike, ScopeLike, ShapeLike, Tensor

__all__ = ["BasicRNNCell"]

v1 = tf.compat.v1


class BasicRNNCell(LayerUnitsCell):
    """The plain recurrent cell. Mirrors `tf.nn.rnn_cell.BasicRNNCell`.

    Inputs [B, D], state and output [B, `num_units`]. Variables below the cell's scope: `kernel`
    [D + num_units, num_units] and `bias` [num_units].

    Args:
      num_units: size of state and output.
      activation: function or Keras name; by default tanh.
      reuse: True gets existing variables instead of making them.
      name: name of the variable scope; by default `basic_rnn_cell`.
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
        name: ScopeLike = None,
        dtype: DTypeLike | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_floating(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = resolve_activation(activation)

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes `kernel` and `bias` for inputs [B, D]."""
        depth = self._floating_build(inputs_shape)
        units = self._num_units
        # One kernel of [inputs, state] rows; Keras keeps two, `kernel` and `recurrent_kernel`.
        self._kernel = self.add_weight("kernel", [depth + units, units])
        self._bias = self.add_weight("bias", [units], initializer=v1.zeros_initializer())
        self.built = True

    def call(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (output, state), the same tensor [B, num_units] twice."""
        check_floating(inputs, state)
        output = self._activation(affine([inputs, state], self._kernel, bias=self._bias))
        # The same tensor twice: the state is the output, after the activation.
        return output, output

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        config = {
            "num_units": self._num_units,
            "activation": activation_name(self._activation),
            "reuse": self._reuse,
        }
        return super().get_config() | config
