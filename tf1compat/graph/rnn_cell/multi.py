"""Cells stacked on one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.layers.base import Layer
from tf1compat.graph.rnn_cell.base import RNNCell
from tf1compat.graph.rnn_cell.state_tuple import columns
from tf1compat.graph.types import (
    BatchSize,
    DTypeLike,
    Nested,
    RNNCellLike,
    State,
    StateSize,
    Tensor,
    Variable,
)

__all__ = ["MultiRNNCell"]

v1 = tf.compat.v1


class MultiRNNCell(RNNCell):
    """Cells run one after another, each on the output of the one before.

    Mirrors `tf.nn.rnn_cell.MultiRNNCell`. The variables of cell N land below
    `multi_rnn_cell/cell_N`. Inputs and output are the first and the last cell's. `weights` lists
    the cells' own; those of a cell inside a wrapper are missing from it, as in TensorFlow 1.15.

    Args:
      cells: list or tuple of cells, the one nearest to the input first.
      state_is_tuple: whether the state is a tuple of the cells' states or one tensor [B, S] of
        all of them side by side.

    Raises:
      UsageError: (a `ValueError`) no cells, or tuple states with `state_is_tuple` False.
      TypeError: `cells` is not a list or tuple.
    """

    def __init__(self, cells: Sequence[RNNCellLike], state_is_tuple: bool = True) -> None:
        super().__init__()
        if not cells:
            raise UsageError("Must specify at least one cell for MultiRNNCell.")
        if not tf.nest.is_nested(cells):
            raise TypeError(f"cells must be a list or tuple, but saw: {cells}.")
        self._cells = cells
        self._state_is_tuple = state_is_tuple
        sizes = [] if state_is_tuple else [cell.state_size for cell in cells]
        if any(tf.nest.is_nested(size) for size in sizes):
            raise UsageError(
                "Some cells return tuples of states, but the flag state_is_tuple is not set.  "
                f"State sizes are: {sizes}"
            )

    @property
    def state_size(self) -> StateSize:
        """Tuple of the cells' state sizes, or their sum where the state is one tensor."""
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> StateSize:
        """The last cell's."""
        return self._cells[-1].output_size

    def zero_state(self, batch_size: BatchSize, dtype: DTypeLike) -> State:
        """Returns each cell's own zero state, in a tuple, or one tensor of zeros [B, S]."""
        with v1.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            if self._state_is_tuple:
                return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)
            return super().zero_state(batch_size, dtype)

    def _weights_of_cells(self, attribute: str) -> list[Variable]:
        # A wrapper reports no weights of its cell, so neither does this: 1.15 all the same.
        layers = [cell for cell in self._cells if isinstance(cell, Layer)]
        return [weight for layer in layers for weight in getattr(layer, attribute)]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The cells' trainable variables; none while `trainable` is False."""
        return self._weights_of_cells("trainable_weights") if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The cells' other variables; all of them while `trainable` is False."""
        others = self._weights_of_cells("non_trainable_weights")
        return others if self.trainable else self._weights_of_cells("trainable_weights") + others

    def call(self, inputs: Nested, state: State) -> tuple[Tensor, State]:
        """Returns the last cell's output and all new states, structured as `state`."""
        output: Any = inputs
        new_states: list[Any] = []
        position = 0
        for index, cell in enumerate(self._cells):
            # Entered at each call, so the cells' scopes are `cell_0/<cell>` below this cell's own.
            with v1.variable_scope(f"cell_{index}"):
                if self._state_is_tuple:
                    own = self._own_state(state, index)
                else:
                    # The states lie side by side in the cells' order.
                    own = columns(state, position, size=cell.state_size)
                    position += cell.state_size
                output, new_state = cell(output, own)
                new_states.append(new_state)
        return output, tuple(new_states) if self._state_is_tuple else tf.concat(new_states, 1)

    def _own_state(self, state: Any, index: int) -> State:
        if not tf.nest.is_nested(state):
            raise UsageError(
                f"Expected state to be a tuple of length {len(self._cells)}, but received: {state}"
            )
        return state[index]
