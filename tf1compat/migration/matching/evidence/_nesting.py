"""Numbers within numbers: whether two numbered runs nest in the same way.

``block_2/unit_3`` and ``stage_2_part_3`` are two numbers each. Lining both runs up by rank is right
only if the outer number of one is the outer number of the other: with two stacks of two layers,
``tower_0/layer_1`` and ``layer_0_tower_1`` have the same rank and aren't the same layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, permutations

from tf1compat.migration.matching.places import Place

__all__ = ["in_same_nesting", "varying_numbers"]

_DEEP = 4  # levels of numbers whose every order is tried

Columns = list[tuple[str, tuple[int, ...]]]


def in_same_nesting(sources: Sequence[Place], targets: Sequence[Place]) -> list[int] | None:
    """Returns the order of `targets`, as places in it, that matches `sources` rank by rank.

    Both are given sorted by their numbers, and an order other than 0, 1, 2, ... means that the
    targets count the same things in another nesting. None means that their numbers can nest
    in several ways and neither the words before them nor their values tell which.
    """
    outer, inner = varying_numbers(sources), varying_numbers(targets)
    as_given = list(range(len(targets)))
    if outer is None or inner is None or len(outer) < 2 or len(inner) < 2:
        return as_given  # one level of order at most, or several chains ordered level by level
    labels, others = [label for label, _ in outer], [label for label, _ in inner]
    if len(set(labels)) == len(labels) and sorted(labels) == sorted(others):
        return _sorted_by([others.index(label) for label in labels], inner)
    if len(outer) > _DEEP or len(outer) != len(inner):
        return as_given if _runs(outer, 1) == _runs(inner, 1) and labels == others else None
    wanted = [_runs(outer, depth) for depth in range(1, len(outer))]
    fitting, equal = [], []
    for order in permutations(range(len(inner))):
        ranked = _sorted_by(order, inner)
        columns = [(inner[i][0], tuple(inner[i][1][r] for r in ranked)) for i in order]
        if [_runs(columns, depth) for depth in range(1, len(columns))] == wanted:
            fitting.append(ranked)
            if [values for _, values in columns] == [values for _, values in outer]:
                equal.append(ranked)
    decided = equal or fitting
    return decided[0] if len(decided) == 1 else None


def varying_numbers(places: Sequence[Place]) -> Columns | None:
    """Returns, for one chain of places, the numbers that vary, without repetitions."""
    if len({place.chain for place in places}) != 1:
        return None
    found: Columns = []
    for label, *values in zip(places[0].labels, *(place.numbers for place in places), strict=True):
        column = tuple(values)
        if len(set(column)) > 1 and column not in [c for _, c in found]:
            found.append((label, column))
    return found


def _sorted_by(order: Sequence[int], columns: Columns) -> list[int]:
    rows = list(zip(*(columns[i][1] for i in order), strict=True))
    return sorted(range(len(rows)), key=rows.__getitem__)


def _runs(columns: Columns, depth: int) -> list[int]:
    rows = zip(*(values for _, values in columns[:depth]), strict=True)
    return [len(list(run)) for _, run in groupby(rows)]
