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
    columns_s, columns_t = varying_numbers(sources), varying_numbers(targets)
    as_given = list(range(len(targets)))
    if columns_s is None or columns_t is None or len(columns_s) < 2 or len(columns_t) < 2:
        return as_given  # one level of order at most, or several chains ordered level by level
    labels_s, labels_t = [label for label, _ in columns_s], [label for label, _ in columns_t]
    if len(set(labels_s)) == len(labels_s) and sorted(labels_s) == sorted(labels_t):
        return _sorted_by([labels_t.index(label) for label in labels_s], columns_t)
    if len(columns_s) > _DEEP or len(columns_s) != len(columns_t):
        same = _runs(columns_s, 1) == _runs(columns_t, 1) and labels_s == labels_t
        return as_given if same else None
    wanted = [_runs(columns_s, depth) for depth in range(1, len(columns_s))]
    fitting, equal = [], []
    for order in permutations(range(len(columns_t))):
        ranked = _sorted_by(order, columns_t)
        columns = [(columns_t[i][0], tuple(columns_t[i][1][r] for r in ranked)) for i in order]
        if [_runs(columns, depth) for depth in range(1, len(columns))] == wanted:
            fitting.append(ranked)
            if [values for _, values in columns] == [values for _, values in columns_s]:
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
