"""What of a tensor an index asks for: basic indexing, resolved before anything is read."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, SupportsIndex

from tf1compat.checkpoint.slices import Region
from tf1compat.errors import UsageError

__all__ = ["Index", "Selection"]

Index = Any  # int, slice, Ellipsis, None (a new axis), or a tuple of them


class Selection:
    """The positions wanted along each axis, and the index that gives the result its final form.

    Attributes:
      wanted: for each axis the positions to keep, rising.
      final: index to apply to the array of all kept elements: it drops the axes that an integer
        picked from, adds new ones, and turns round those that a negative step ran through.

    Raises:
      UsageError: the index isn't a basic index for a tensor of this shape.
    """

    def __init__(self, shape: Sequence[int], index: Index) -> None:
        wanted: list[range] = []
        final: list[Any] = []
        for item in _expanded(shape, index):
            if item is None:
                final.append(None)
                continue
            positions, last = _positions(item, shape[len(wanted)], axis=len(wanted))
            wanted.append(positions)
            final.append(last)
        self.wanted = tuple(wanted)
        self.final = (*final, ...)  # the Ellipsis keeps a 0-d result an array

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of all kept elements, before `final` is applied."""
        return tuple(len(positions) for positions in self.wanted)

    def within(self, region: Region) -> tuple[tuple[range, ...], tuple[Any, ...]] | None:
        """Returns what is wanted of a box, relative to it, and where that goes in the result.

        None where nothing of the box is wanted.
        """
        inside, places = [], []
        for positions, start, size in zip(self.wanted, region.start, region.shape, strict=True):
            first = _count_below(positions, start)
            last = _count_below(positions, start + size)
            if first == last:
                return None
            taken = positions[first:last]
            inside.append(range(taken.start - start, taken[-1] - start + 1, taken.step))
            places.append(slice(first, last))
        return tuple(inside), (*places, ...)


def _expanded(shape: Sequence[int], index: Index) -> list[Any]:
    """Returns one item for each axis, and None for each new one."""
    items = list(index) if isinstance(index, tuple) else [index]
    used = sum(item is not None and item is not Ellipsis for item in items)
    if used > len(shape) or sum(item is Ellipsis for item in items) > 1:
        raise UsageError(f"index {index!r} has too many items for shape {tuple(shape)}")
    rest = [slice(None)] * (len(shape) - used)
    if not any(item is Ellipsis for item in items):
        return [*items, *rest]
    place = next(place for place, item in enumerate(items) if item is Ellipsis)
    return [*items[:place], *rest, *items[place + 1 :]]


def _positions(item: slice | SupportsIndex, size: int, *, axis: int) -> tuple[range, Any]:
    try:
        if isinstance(item, slice):
            positions = range(size)[item]
            turned = positions.step < 0
            return (positions[::-1], slice(None, None, -1)) if turned else (positions, slice(None))
        if isinstance(item, bool):
            raise TypeError("a bool is not a basic index")
        position = range(size)[operator.index(item)]
    except (TypeError, ValueError, IndexError) as error:
        raise UsageError(f"index {item!r} can't be used on axis {axis} of size {size}") from error
    return range(position, position + 1), 0


def _count_below(positions: range, limit: int) -> int:
    """Returns how many of `positions`, which rise, are below `limit`."""
    return len(range(positions.start, min(limit, positions.stop), positions.step))
