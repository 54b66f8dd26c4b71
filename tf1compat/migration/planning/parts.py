"""Whether the parts that rules take of a source make up all of it."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tf1compat.errors import LayoutError, Problem
from tf1compat.migration.layouts.answers import made_of, part_of, shown_range
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning.lines import Fill

__all__ = ["uncovered_sources", "unmade_targets"]

_REMEDY = "add the missing part's rule, or drop it with its layout; or take the overlap out"

Part = tuple[Sequence[int], ...]
"""For each axis the positions that are taken."""


def uncovered_sources(
    fills: Sequence[Fill], left_out: Iterable[tuple[str, str]], sources: Mapping[str, Spec]
) -> list[Problem]:
    """Returns a problem for each source of which layouts leave out or repeat a part.

    `left_out` has a source and a layout for each part that is dropped.
    """
    parts: dict[str, list[Part]] = defaultdict(list)
    for fill in fills:
        layout = parse_layout(fill.layout)
        if layout.takes_part:
            for source in fill.sources:
                parts[source].append(part_of(layout, sources[source]))
    for source, text in left_out:
        parts[source].append(part_of(parse_layout(text), sources[source]))
    return [
        Problem(name, *_said(taken, sources[name].shape), "", _REMEDY)
        for name, taken in parts.items()
        if not _exact(taken, sources[name].shape)
    ]


def unmade_targets(
    fills: Iterable[Fill], sources: Mapping[str, Spec], targets: Mapping[str, Spec]
) -> Iterator[Problem]:
    """Yields a problem for each target that its layout doesn't make of its sources."""
    for fill in fills:
        layout = parse_layout(fill.layout)
        try:
            made: object = made_of(layout, [sources[name] for name in fill.sources])
        except LayoutError as error:
            if layout.merges:  # its shape may stand in files that are read when it is carried out
                continue
            made = error
        if made != targets[fill.target]:
            yield Problem(fill.target, str(targets[fill.target]), f"{layout}: {made}")


def _exact(parts: Sequence[Part], shape: tuple[int, ...]) -> bool:
    """Tells whether every element is in exactly one of the parts.

    It is where they have as many elements together as there are, and no two share one.
    """
    if sum(math.prod(map(len, part)) for part in parts) != math.prod(shape):
        return False
    return not any(_meet(one, other) for one, other in itertools.combinations(parts, 2))


def _meet(one: Part, other: Part) -> bool:
    """Tells whether two parts share an element: they do where they meet along every axis."""
    return all(_common(a, b) for a, b in zip(one, other, strict=True))


def _common(one: Sequence[int], other: Sequence[int]) -> bool:
    """Tells whether two ranges, or rows by number, have a number in common."""
    if not one or not other:
        return False
    if not isinstance(one, range) or not isinstance(other, range):
        return not set(one).isdisjoint(other)
    step = math.lcm(one.step, other.step)
    low, high = max(min(one), min(other)), min(max(one), max(other))
    return any(x in one and x in other for x in range(low, min(high, low + step) + 1))


def _said(parts: Sequence[Part], shape: tuple[int, ...]) -> tuple[str, str]:
    """Returns what was expected and what was found: along the axis that is cut, if it is one."""
    cut = [axis for axis, size in enumerate(shape) if any(len(part[axis]) < size for part in parts)]
    axes = cut if len(cut) == 1 else range(len(shape))
    expected = " x ".join(shown_range(range(shape[axis])) for axis in axes)
    in_order = sorted(parts, key=lambda part: [(one[0], one[-1]) for one in part])
    found = Counter(" x ".join(shown_range(part[axis]) for axis in axes) for part in in_order)
    return f"parts that make up {expected}", ", ".join(
        f"{part}{f' {times} times' if times > 1 else ''}" for part, times in found.items()
    )
