"""Whether the parts that rules take of a source make up all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from tf1compat.checkpoint.slices import Region, uncovered
from tf1compat.errors import Problem
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning.lines import Fill

__all__ = ["uncovered_sources"]

_REMEDY = "add the missing part's rule, or take the overlap out"

Part = tuple[range, ...]
"""For each axis the positions that are taken."""


def uncovered_sources(fills: Sequence[Fill], sources: Mapping[str, Spec]) -> list[Problem]:
    """Returns a problem for each source of which layouts leave out or repeat a part."""
    parts: dict[str, list[Part]] = defaultdict(list)
    for fill in fills:
        layout = parse_layout(fill.layout)
        if layout.takes_part:
            spec = sources[fill.sources[0]]
            parts[fill.sources[0]].append(_positions(layout.part(spec), spec.shape))
    found = (_problem(name, taken, sources[name].shape) for name, taken in parts.items())
    return [problem for problem in found if problem is not None]


def _positions(index: Sequence[slice], shape: Sequence[int]) -> Part:
    full = (*index, *[slice(None)] * (len(shape) - len(index)))
    return tuple(range(size)[one] for one, size in zip(full, shape, strict=True))


def _problem(name: str, parts: Sequence[Part], shape: tuple[int, ...]) -> Problem | None:
    cut = [axis for axis, size in enumerate(shape) if any(len(part[axis]) < size for part in parts)]
    if len(cut) == 1:
        axis = cut[0]
        taken = sorted((part[axis] for part in parts), key=lambda one: (one.start, one.stop))
        expected, found = f"parts that make up [0, {shape[axis]})", ", ".join(map(_shown, taken))
        times = np.zeros(shape[axis], np.int64)
        for positions in taken:
            times[positions.start : positions.stop : positions.step] += 1
        wrong = bool((times != 1).any())
    else:
        boxes = [Region(tuple(p.start for p in part), tuple(map(len, part))) for part in parts]
        found = uncovered(boxes, shape)
        expected, wrong = f"parts that make up all of {list(shape)}", bool(found)
    return Problem(name, expected, found, "", _REMEDY) if wrong else None


def _shown(positions: range) -> str:
    step = f" by {positions.step}" if positions.step != 1 else ""
    return f"[{positions.start}, {positions.stop}){step}"
