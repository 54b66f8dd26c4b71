"""Bases that keep the sizes which most contrib cells have."""

from __future__ import annotations

from tf1compat.graph.rnn_cell.base import LayerRNNCell, RNNCell
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple

__all__ = ["LayerPairCell", "LayerUnitsCell", "PairCell", "UnitsCell"]


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
        return self._num_proj or self._num_units


class UnitsCell(_Units):
    """A cell over `get_variable` whose state and output have `num_units` columns."""


class LayerUnitsCell(LayerRNNCell, _Units):
    """A cell with `build` whose state and output have `num_units` columns."""


class PairCell(_Pair):
    """A cell over `get_variable` with an `LSTMStateTuple`."""


class LayerPairCell(LayerRNNCell, _Pair):
    """A cell with `build` and an `LSTMStateTuple`."""
