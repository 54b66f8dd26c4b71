"""Bases that keep the sizes which most contrib cells have."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.graph.rnn_cell.base import LayerRNNCell, RNNCell
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple, columns
from tf1compat.graph.types import State, Tensor

__all__ = ["LayerPairCell", "LayerPairOrJoinedCell", "LayerUnitsCell"]
__all__ += ["PairCell", "PairOrJoinedCell", "UnitsCell"]


class _Units(RNNCell):
    _num_units: int

    @property
    def state_size(self) -> int:
        """`num_units`."""
        return self._num_units

    @property
    def output_size(self) -> int:
        """`num_units`."""
        return self._num_units


class _Pair(RNNCell):
    _num_units: int
    _num_proj: int | None = None

    @property
    def state_size(self) -> LSTMStateTuple:
        """`LSTMStateTuple` of `num_units` and the output's size."""
        return LSTMStateTuple(self._num_units, self.output_size)

    @property
    def output_size(self) -> int:
        """`num_proj` where there is a projection, else `num_units`."""
        # `or`: a projection to 0 columns is none.
        return self._num_proj or self._num_units


class _PairOrJoined(_Pair):
    """A pair that the cell's user may want as one tensor [B, U + P], memory first."""

    _state_is_tuple: bool

    @property
    def state_size(self) -> Any:
        """`LSTMStateTuple(U, P)`, or U + P where the state is one tensor."""
        sizes = super().state_size
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def _h_depth(self) -> int:
        # `num_proj=0` counts as no projection in the sizes, and as one here, as in 1.15.
        return self._num_units if self._num_proj is None else self._num_proj

    def _parted(self, state: Any) -> tuple[Tensor, Tensor]:
        if self._state_is_tuple:
            c, h = state
            return c, h
        units = self._num_units
        return columns(state, 0, size=units), columns(state, units, size=self._h_depth)

    def _rejoined(self, c: Tensor, h: Tensor) -> State:
        return LSTMStateTuple(c, h) if self._state_is_tuple else tf.concat([c, h], 1)


class UnitsCell(_Units):
    """A cell over `get_variable` whose state and output have `num_units` columns."""


class LayerUnitsCell(LayerRNNCell, _Units):
    """A cell with `build` whose state and output have `num_units` columns."""


class PairCell(_Pair):
    """A cell over `get_variable` with an `LSTMStateTuple`."""


class LayerPairCell(LayerRNNCell, _Pair):
    """A cell with `build` and an `LSTMStateTuple`."""


class PairOrJoinedCell(_PairOrJoined):
    """A cell over `get_variable` with an `LSTMStateTuple`, or with both in one tensor."""


class LayerPairOrJoinedCell(LayerRNNCell, _PairOrJoined):
    """A cell with `build` and an `LSTMStateTuple`, or both in one tensor."""
