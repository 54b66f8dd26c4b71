"""The update-gate cell and the intersection cell."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell._linear import Linear
from tf1compat.graph.rnn_cell._sized import UnitsCell
from tf1compat.graph.rnn_cell.base import input_depth
from tf1compat.graph.types import Activation, Initializer, Tensor

__all__ = ["IntersectionRNNCell", "UGRNNCell"]

v1 = tf.compat.v1


class UGRNNCell(UnitsCell):
    """Update-gate recurrent cell (https://arxiv.org/abs/1611.09913).

    Mirrors `tf.contrib.rnn.UGRNNCell`. Inputs [B, D], state and output [B, U]. Variables below
    `ugrnn_cell`: `kernel` [D + U, 2U] and `bias` [2U], of the gate and the candidate.

    Args:
      num_units: U.
      initializer: of `kernel`; by default the scope's.
      forget_bias: added to the gate at every step.
      activation: of the candidate; tanh.
      reuse: True gets existing variables instead of making them.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth.
    """

    def __init__(
        self,
        num_units: int,
        initializer: Initializer | None = None,
        forget_bias: float = 1.0,
        activation: Activation = tf.tanh,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._activation = activation
        self._linear: Linear | None = None

    def call(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (output, state), the same tensor [B, U] twice."""
        input_depth(inputs.shape.with_rank(2))
        # The initializer becomes the scope's for all kernels below; biases stay zero.
        with v1.variable_scope(v1.get_variable_scope(), initializer=self._initializer):
            joined = tf.concat([inputs, state], 1)
            if self._linear is None:
                self._linear = Linear(joined, 2 * self._num_units, True)
            # Gate first; its bias of one is added here, not stored.
            gate, candidate = tf.split(self._linear(joined), 2, axis=1)
            c = self._activation(candidate)
            g = tf.sigmoid(gate + self._forget_bias)
            output = g * state + (1.0 - g) * c
        return output, output


class IntersectionRNNCell(UnitsCell):
    """Intersection recurrent cell, "+RNN" (https://arxiv.org/abs/1611.09913).

    Mirrors `tf.contrib.rnn.IntersectionRNNCell`. Inputs [B, D], state and output [B, U]; D must
    be U, or is projected to it. Variables below `intersection_rnn_cell`: `kernel` [2U, 4U] and
    `bias` [4U]; `in_projection/kernel` [D, U] and `in_projection/bias` come before them.

    Args:
      num_units: U.
      num_in_proj: anything true projects inputs of another depth to U.
      initializer: of the kernels; by default the scope's.
      forget_bias: added to both gates at every step.
      y_activation: of the output's candidate; relu.
      reuse: True gets existing variables instead of making them.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth, or not U deep without
        `num_in_proj`.
    """

    def __init__(
        self,
        num_units: int,
        num_in_proj: int | None = None,
        initializer: Initializer | None = None,
        forget_bias: float = 1.0,
        y_activation: Activation = tf.nn.relu,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._num_input_proj = num_in_proj
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._y_activation = y_activation
        self._projection: Linear | None = None
        self._linear: Linear | None = None

    def _projected(self, inputs: Tensor) -> Tensor:
        if input_depth(inputs.shape.with_rank(2)) == self._num_units:
            return inputs
        # A switch, whatever its name: the projection always has U columns.
        if not self._num_input_proj:
            raise UsageError(
                "Must have input size == output size for Intersection RNN. To fix, num_in_proj "
                "should be set to num_units at cell init."
            )
        with v1.variable_scope("in_projection"):
            if self._projection is None:
                self._projection = Linear(inputs, self._num_units, True)
            return self._projection(inputs)

    def call(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output [B, U] (through depth) and the new state [B, U] (through time)."""
        units = self._num_units
        with v1.variable_scope(v1.get_variable_scope(), initializer=self._initializer):
            fed = self._projected(inputs)
            joined = tf.concat([fed, state], 1)
            if self._linear is None:
                self._linear = Linear(joined, 4 * units, True)
            # Gate and candidate through time, then those through depth (`gh_act` to `y_act`).
            time_gate, h, depth_gate, y = tf.split(self._linear(joined), 4, axis=1)
            g_time = tf.sigmoid(time_gate + self._forget_bias)
            g_depth = tf.sigmoid(depth_gate + self._forget_bias)
            new_state = g_time * state + (1.0 - g_time) * tf.tanh(h)
            output = g_depth * fed + (1.0 - g_depth) * self._y_activation(y)
        return output, new_state
