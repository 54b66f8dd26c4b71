"""The LSTM in groups."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell._arithmetic import lstm_memory, lstm_output
from tf1compat.graph.rnn_cell._linear import Linear
from tf1compat.graph.rnn_cell._sized import PairCell
from tf1compat.graph.rnn_cell.base import input_depth
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import Activation, Initializer, Tensor

__all__ = ["GLSTMCell"]

v1 = tf.compat.v1


class GLSTMCell(PairCell):
    """LSTM in groups that don't see each other (https://arxiv.org/abs/1703.10722).

    Mirrors `tf.contrib.rnn.GLSTMCell`. Inputs [B, D], output [B, P], state `LSTMStateTuple`.
    Variables below `glstm_cell`: `groupN/kernel` [(D + P) / G, 4U / G], `bias_i`, `bias_j`,
    `bias_f`, `bias_o` [U] and `projection/kernel` [U, P].

    Args:
      num_units: U.
      initializer: of the kernels; by default the scope's.
      num_proj: P, or None for no projection.
      number_of_groups: G; divides D, U and P.
      forget_bias: added to f at every step.
      activation: of the output; tanh.
      reuse: True gets existing variables instead of making them.

    Raises:
      UsageError: (a `ValueError`) U or P, or at the call D, isn't divisible by G.
    """

    def __init__(
        self,
        num_units: int,
        initializer: Initializer | None = None,
        num_proj: int | None = None,
        number_of_groups: int = 1,
        forget_bias: float = 1.0,
        activation: Activation = tf.tanh,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._initializer = initializer
        self._num_proj = num_proj
        self._groups = number_of_groups
        self._forget_bias = forget_bias
        self._activation = activation
        for name, size in (("num_units", num_units), ("num_proj", num_proj or 0)):
            if size % number_of_groups:
                raise UsageError(f"{name} must be divisible by number_of_groups")
        self._linears: list[Linear | None] = [None] * number_of_groups
        self._projection: Linear | None = None

    def _group_gates(self, group: int, x: Tensor, h: Tensor) -> list[Tensor]:
        with v1.variable_scope(f"group{group}"):
            joined = tf.concat([x, h], axis=1)
            linear = self._linears[group]
            if linear is None:
                # No bias in the groups: each gate has one over all, made after the kernels.
                linear = Linear(joined, 4 * self._num_units // self._groups, False)
                self._linears[group] = linear
            return tf.split(linear(joined), 4, axis=1)

    def _gates(self, inputs: Tensor, h: Tensor) -> list[Tensor]:
        xs, hs = tf.split(inputs, self._groups, axis=1), tf.split(h, self._groups, axis=1)
        groups = [
            self._group_gates(group, x, own)
            for group, (x, own) in enumerate(zip(xs, hs, strict=True))
        ]
        zero = v1.constant_initializer(0.0)
        shape, dtype = [self._num_units], inputs.dtype
        biases = [
            # By gate, in the order i, j, f, o, zero whatever the scope's initializer.
            get_variable(f"bias_{gate}", shape, dtype=dtype, initializer=zero)
            for gate in "ijfo"
        ]
        return [
            tf.nn.bias_add(tf.concat(parts, axis=1), bias)
            for parts, bias in zip(zip(*groups, strict=True), biases, strict=True)
        ]

    def call(self, inputs: Tensor, state: LSTMStateTuple) -> tuple[Tensor, LSTMStateTuple]:
        """Returns the output [B, P] and the new `LSTMStateTuple`."""
        c, h = state
        depth = input_depth(inputs.shape)
        if depth % self._groups:
            raise UsageError(
                f"input size ({depth}) must be divisible by number_of_groups ({self._groups})"
            )
        scope = v1.get_variable_scope()
        with v1.variable_scope(scope, initializer=self._initializer):
            gates = self._gates(inputs, h)
        # The candidate's activation is tanh, whatever `activation` says of the output.
        new_c = lstm_memory(gates, c, forget_bias=self._forget_bias, activation=tf.tanh)
        new_h = lstm_output(gates[3], new_c, activation=self._activation)
        if self._num_proj is not None:
            with v1.variable_scope("projection"):
                if self._projection is None:
                    self._projection = Linear(new_h, self._num_proj, False)
                new_h = self._projection(new_h)
        return new_h, LSTMStateTuple(new_c, new_h)
