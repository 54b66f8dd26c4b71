"""The base of cells around another cell."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.graph.rnn_cell.base import RNNCell, assert_like_rnncell
from tf1compat.graph.types import BatchSize, DTypeLike, RNNCellLike, State, StateSize

__all__ = ["AroundCell"]

v1 = tf.compat.v1


class AroundCell(RNNCell):
    """A cell that has the state, the zero state and the output size of the one inside.

    Args:
      cell: the cell inside.
      **kwargs: arguments of `Layer`.

    Raises:
      TypeError: `cell` isn't like a cell.
    """

    def __init__(self, cell: RNNCellLike, **kwargs: Any) -> None:
        # contrib's Highway- and CompiledWrapper skipped this, and `weights` failed of them.
        super().__init__(**kwargs)
        assert_like_rnncell("cell", cell)
        self._cell = cell

    @property
    def state_size(self) -> StateSize:
        """The wrapped cell's."""
        return self._cell.state_size

    @property
    def output_size(self) -> StateSize:
        """The wrapped cell's."""
        return self._cell.output_size

    def zero_state(self, batch_size: BatchSize, dtype: DTypeLike) -> State:
        """Returns the wrapped cell's zero state."""
        # A scope around the inner cell's: `ResidualWrapperZeroState/GRUCellZeroState/`.
        with v1.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return self._cell.zero_state(batch_size, dtype)
