"""A cell with a highway connection around it."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.graph.rnn_cell._around import AroundCell
from tf1compat.graph.rnn_cell.state_tuple import static_size
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import Nested, RNNCellLike, ScopeLike, State, Tensor

__all__ = ["HighwayWrapper"]

v1 = tf.compat.v1


class HighwayWrapper(AroundCell):
    """Mixes a cell's inputs into its outputs by a learned gate (https://arxiv.org/abs/1505.00387).

    Mirrors `tf.contrib.rnn.HighwayWrapper`. Inputs and outputs [B, D]. Variables, in the scope
    that is current at the call: `carry_w` [D, D] and `carry_b` [D]; uncoupled also
    `transform_w` and `transform_b`.

    Args:
      cell: the cell to wrap.
      couple_carry_transform_gates: whether the transform gate is one minus the carry gate.
      carry_bias_init: start of `carry_b`; `transform_b` starts at its negative.

    Raises:
      ValueError: (at the call) inputs and outputs differ in structure or shape.
    """

    def __init__(
        self,
        cell: RNNCellLike,
        couple_carry_transform_gates: bool = True,
        carry_bias_init: float = 1.0,
    ) -> None:
        super().__init__(cell)
        self._couple_carry_transform_gates = couple_carry_transform_gates
        self._carry_bias_init = carry_bias_init

    def _gate(self, name: str, inputs: Tensor, start: float) -> Tensor:
        size = static_size(inputs.shape.with_rank(2), 1)
        # In the scope of the caller: `__call__` is overridden whole and opens none.
        weight = get_variable(f"{name}_w", [size, size])
        bias = get_variable(f"{name}_b", [size], initializer=v1.constant_initializer(start))
        return tf.sigmoid(v1.nn.xw_plus_b(inputs, weight, bias))

    def _highway(self, inputs: Tensor, outputs: Tensor) -> Tensor:
        carry = self._gate("carry", inputs, self._carry_bias_init)
        if self._couple_carry_transform_gates:
            transform = 1 - carry
        else:
            transform = self._gate("transform", inputs, -self._carry_bias_init)
        return inputs * carry + outputs * transform

    def __call__(
        self, inputs: Nested, state: State, scope: ScopeLike = None
    ) -> tuple[Tensor, State]:
        """Runs one step; `scope` is handed on to the wrapped cell."""
        outputs, new_state = self._cell(inputs, state, scope=scope)
        # The cell's variables come before the gates', which need its outputs.
        tf.nest.assert_same_structure(inputs, outputs)
        for before, after in zip(tf.nest.flatten(inputs), tf.nest.flatten(outputs), strict=True):
            before.shape.assert_is_compatible_with(after.shape)
        return tf.nest.map_structure(self._highway, inputs, outputs), new_state
