"""How many parameters each layer has, trained and not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import overload

from tf1compat.keras3.chosen._weight_set import (
    WeightSet,
    trained_now,
    weight_bytes,
    weight_size,
)
from tf1compat.names.listing import SHOWN, listing, total
from tf1compat.printable import joined

__all__ = ["LayerCount", "LayerCounts", "count_by_layer"]

_HEADER = ("layer", "class", "parameters", "trainable", "not trainable", "bytes")


@dataclasses.dataclass(frozen=True)
class LayerCount:
    """The weights that a layer holds itself, of those that were chosen.

    Attributes:
      layer: path of the layer; ``""`` is the model itself.
      layer_class: name of its class.
      weights: number of weights.
      trainable: number of their elements that training the model changes.
      untrainable: number of the others.
      nbytes: bytes of all.
    """

    layer: str
    layer_class: str
    weights: int
    trainable: int
    untrainable: int
    nbytes: int

    @property
    def parameters(self) -> int:
        """Number of elements of all."""
        return self.trainable + self.untrainable


class LayerCounts(Sequence[LayerCount]):
    """The parameters of each layer, in order of creation; prints as a table with totals."""

    def __init__(self, rows: Iterable[LayerCount]) -> None:
        self._rows = tuple(rows)

    @property
    def trainable(self) -> int:
        """Number of all elements that training changes."""
        return sum(row.trainable for row in self._rows)

    @property
    def untrainable(self) -> int:
        """Number of all others."""
        return sum(row.untrainable for row in self._rows)

    @property
    def nbytes(self) -> int:
        """Bytes of all."""
        return sum(row.nbytes for row in self._rows)

    def table(self, *, rows: int | None = SHOWN) -> str:
        """Returns a table of at most `rows` lines (None for all), and a line of totals."""
        shown = self._rows if rows is None else self._rows[:rows]
        left_off = len(self._rows) - len(shown)
        lines = listing(_HEADER, list(map(_cells, shown)), numbers=_HEADER[2:], left_off=left_off)
        parameters = self.trainable + self.untrainable
        counted = total(len(self._rows), parameters=parameters, nbytes=self.nbytes)
        split = f"; {self.trainable:,} trainable, {self.untrainable:,} not"
        return joined([*lines, counted + split])

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> LayerCount: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[LayerCount, ...]: ...
    def __getitem__(self, index: int | slice) -> LayerCount | tuple[LayerCount, ...]:
        return self._rows[index]

    def __str__(self) -> str:
        return self.table()


def count_by_layer(some: WeightSet) -> LayerCounts:
    """Returns the parameters of some weights by the layers that hold them, as of now."""
    trained = trained_now(some.model_index)
    rows: dict[str, LayerCount] = {}
    for weight in some.items:
        size = weight_size(weight)
        is_trained = id(weight.variable) in trained
        row = rows.get(weight.layer_path) or LayerCount(
            weight.layer_path, weight.layer_class, 0, 0, 0, 0
        )
        rows[weight.layer_path] = dataclasses.replace(
            row,
            weights=row.weights + 1,
            trainable=row.trainable + size * is_trained,
            untrainable=row.untrainable + size * (not is_trained),
            nbytes=row.nbytes + weight_bytes(weight),
        )
    return LayerCounts(rows.values())


def _cells(row: LayerCount) -> tuple[str, ...]:
    return (
        row.layer or "(the model)",
        row.layer_class,
        f"{row.parameters:,}",
        f"{row.trainable:,}",
        f"{row.untrainable:,}",
        f"{row.nbytes:,}",
    )
