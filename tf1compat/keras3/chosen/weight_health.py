"""How the values of weights are doing: statistics, and what isn't finite."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import overload

from tf1compat.checkpoint.array_statistics import ArrayStatistics, array_statistics
from tf1compat.keras3.chosen._weight_set import WeightSet, weight_value
from tf1compat.keras3.models.deferred import initialize_model
from tf1compat.names.listing import SHOWN, listing
from tf1compat.printable import joined

__all__ = ["Health", "WeightHealth", "health_of"]

_HEADER = ("name", "min", "max", "mean", "std", "norm", "zeros", "NaN", "infinite")


@dataclasses.dataclass(frozen=True)
class WeightHealth:
    """One weight and what its value is like.

    Attributes:
      name: its path.
      value: statistics of its value.
    """

    name: str
    value: ArrayStatistics

    @property
    def finite(self) -> bool:
        """Whether none of its elements is NaN or infinite."""
        return not (self.value.nans or self.value.infinities)

    def __str__(self) -> str:
        counts = f"{self.value.nans:,} NaN and {self.value.infinities:,} infinite"
        return f"{self.name}: {counts} of {self.value.size:,} elements"


class Health(Sequence[WeightHealth]):
    """What the values of some weights are like; prints what isn't finite first, then a table."""

    def __init__(self, rows: Iterable[WeightHealth]) -> None:
        self._rows = tuple(rows)

    @property
    def nonfinite(self) -> tuple[WeightHealth, ...]:
        """The weights with elements that are NaN or infinite."""
        return tuple(row for row in self._rows if not row.finite)

    def table(self, *, rows: int | None = SHOWN) -> str:
        """Returns what isn't finite, and a table of at most `rows` lines (None for all)."""
        shown = self._rows if rows is None else self._rows[:rows]
        lines = listing(
            _HEADER,
            list(map(_cells, shown)),
            numbers=_HEADER[1:],
            left_off=len(self._rows) - len(shown),
        )
        return joined([*self._summary(), *lines])

    def _summary(self) -> list[str]:
        bad, count = self.nonfinite, len(self._rows)
        if not bad:
            return [f"all of {count:,} weights are finite"]
        further = [f"  ... and {len(bad) - 20:,} more"] if len(bad) > 20 else []
        lines = [f"{len(bad):,} of {count:,} weights aren't finite:"]
        return [*lines, *(f"  {one}" for one in bad[:20]), *further]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> WeightHealth: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[WeightHealth, ...]: ...
    def __getitem__(self, index: int | slice) -> WeightHealth | tuple[WeightHealth, ...]:
        return self._rows[index]

    def __str__(self) -> str:
        return self.table()


def health_of(some: WeightSet) -> Health:
    """Returns what the values of some weights are like, one in memory at a time."""
    initialize_model(some.model)
    return Health(
        WeightHealth(weight.path, array_statistics(weight_value(weight))) for weight in some.items
    )


def _cells(row: WeightHealth) -> tuple[str, ...]:
    value = row.value
    numbers = (value.minimum, value.maximum, value.mean, value.std, value.norm)
    counts = (value.zeros, value.nans, value.infinities)
    return (row.name, *(f"{one:.4g}" for one in numbers), *(f"{one:,}" for one in counts))
