"""Layouts that join several sources, or take a part of one, in one piece or in every group."""

from __future__ import annotations

import dataclasses

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts.layout import (
    IDENTITY,
    Index,
    Layout,
    Piece,
    Shape,
    Spec,
    cannot,
    one_source,
)

__all__ = ["Concatenate", "GroupPart", "Last", "Split"]


@dataclasses.dataclass(frozen=True)
class Concatenate(Layout):
    """Several sources joined along an axis, in the order given."""

    name = "concatenate"
    joins = True

    axis: int

    def __post_init__(self) -> None:
        _require_counted(self, self.axis)

    def spec(self, *sources: Spec) -> Spec:
        if not sources:
            raise LayoutError(f"layout {self}: expected sources, found none")
        first = sources[0]
        for other in sources:
            if (
                len(other.shape) <= self.axis
                or other.dtype != first.dtype
                or _without(other.shape, self.axis) != _without(first.shape, self.axis)
            ):
                raise LayoutError(f"layout {self}: {other} doesn't join with {first}")
        shape = list(first.shape)
        shape[self.axis] = sum(source.shape[self.axis] for source in sources)
        return Spec(tuple(shape), first.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return np.concatenate(sources, axis=self.axis)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        ends = np.cumsum([source.shape[self.axis] for source in sources])[:-1]
        return tuple(Piece((), part) for part in np.split(target, ends, axis=self.axis))


@dataclasses.dataclass(frozen=True)
class Split(Layout):
    """The part ``[start, stop)`` of one source along an axis."""

    name = "split"
    takes_part = True

    axis: int
    start: int
    stop: int

    def __post_init__(self) -> None:
        _require_counted(self, self.axis)

    def part(self, source: Spec) -> Index:
        return self._index

    @property
    def _index(self) -> tuple[slice, ...]:
        return (*(slice(None),) * self.axis, slice(self.start, self.stop))

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        rank = len(source.shape)
        if self.axis >= rank or not 0 <= self.start < self.stop <= source.shape[self.axis]:
            raise cannot(self, source, f"[{self.start}, {self.stop}) within axis {self.axis}")
        shape = list(source.shape)
        shape[self.axis] = self.stop - self.start
        return Spec(tuple(shape), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return one_source(self, sources)[self._index]

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece(self._index, target),)

    def lacking(self, axis: int, variable: Spec) -> Layout:
        if axis == self.axis:
            return IDENTITY
        return Split(self.axis - (axis < self.axis), self.start, self.stop)


@dataclasses.dataclass(frozen=True)
class Last(Layout):
    """The last `size` along an axis, of sources that differ in what is before.

    As the state's rows of kernels of which some have inputs' rows above them and some don't.
    """

    name = "last"
    takes_part = True

    axis: int
    size: int

    def __post_init__(self) -> None:
        _require_counted(self, self.axis)

    def part(self, source: Spec) -> Index:
        stop = source.shape[self.axis]
        return (*(slice(None),) * self.axis, slice(stop - self.size, stop))

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        shape = list(source.shape)
        if self.axis >= len(shape) or not 0 < self.size <= shape[self.axis]:
            raise cannot(self, source, f"{self.size} or more along axis {self.axis}")
        shape[self.axis] = self.size
        return Spec(tuple(shape), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source = one_source(self, sources)
        return source[self.part(Spec(source.shape))]

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece(self.part(one_source(self, sources)), target),)


@dataclasses.dataclass(frozen=True)
class GroupPart(Layout):
    """One of equal parts that stand side by side in each group along an axis.

    Columns of queries, keys and values in one kernel, head by head: ``group_part(1, 12, 3, 2)``
    takes the values of 12 heads. Of one group it is the part ``part`` of ``parts``.
    """

    name = "group_part"
    takes_part = True

    axis: int
    groups: int
    parts: int
    part_number: int

    def __post_init__(self) -> None:
        _require_counted(self, self.axis)
        if self.groups < 1 or self.parts < 2 or not 0 <= self.part_number < self.parts:
            raise LayoutError(
                f"layout {self}: expected groups of at least two parts, and one of their numbers "
                "from 0"
            )

    def part(self, source: Spec) -> Index:
        return (*(slice(None),) * self.axis, self._rows(source.shape))

    def _rows(self, shape: Shape) -> tuple[int, ...]:
        size = shape[self.axis] // (self.groups * self.parts)
        starts = [(g * self.parts + self.part_number) * size for g in range(self.groups)]
        return tuple(row for start in starts for row in range(start, start + size))

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        whole = self.groups * self.parts
        sizes = source.shape[self.axis : self.axis + 1]
        if not sizes or not sizes[0] or sizes[0] % whole:
            raise cannot(self, source, f"a multiple of {whole} along axis {self.axis}")
        shape = list(source.shape)
        shape[self.axis] = sizes[0] // self.parts
        return Spec(tuple(shape), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source = one_source(self, sources)
        return np.take(source, self._rows(source.shape), axis=self.axis)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece(self.part(one_source(self, sources)), target),)


def _without(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], *shape[axis + 1 :])


def _require_counted(layout: Layout, axis: int) -> None:
    """Raises LayoutError for an axis counted from the end: what is part of what would differ."""
    if axis < 0:
        raise LayoutError(f"layout {layout}: expected an axis counted from 0, found {axis}")
