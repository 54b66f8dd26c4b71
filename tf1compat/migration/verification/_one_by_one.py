"""Ambiguities told apart by changing one scope and one layer at a time, however many there are.

Where all scopes of an ambiguity have the same values, it doesn't matter which goes to which layer.
Then one scope of the v1 graph is changed, and one layer of the model: the outputs of both sides
agree if, and only if, that layer is where the scope belongs. So n scopes take n runs a side, where
their assignments would be n! many.
"""

from __future__ import annotations

import dataclasses
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tf1compat.migration.planning.lines import Way
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.verification._assignments import Assignment, Units

__all__ = ["Runs", "one_by_one"]

Values = Mapping[str, np.ndarray]
Outputs = Sequence[np.ndarray]
Names = Sequence[Sequence[str]]
"""For each output the tensors that equal it."""


@dataclasses.dataclass(frozen=True)
class Runs:
    """How both sides are run.

    Attributes:
      model: returns the model's outputs if some assignment is filled from these sources' values.
      graph: returns the v1 graph's tensors for them, by name; of some names alone, or all.
      equal: returns, for each output, the tensors that equal it.
    """

    model: Callable[[Assignment, Values], Outputs]
    graph: Callable[[Values, Sequence[str]], Values]
    equal: Callable[[Outputs, Values], Names]


def one_by_one(
    plan: Plan, units: Sequence[Units], sources: Values, runs: Runs
) -> Assignment | None:
    """Returns the one assignment by which changes of scopes and of layers change the same.

    None where the outputs don't agree even with all alike, or scopes can't be told apart so.

    Args:
      plan: the plan, for the shapes of sources.
      units: scopes and layers of each ambiguity, as many of both, which hold the same.
      sources: values of the plan's sources.
      runs: how both sides are run.
    """
    if not all(_same_shapes(plan, some) for some in units):
        return None
    alike = {k: v for some in units for k, v in _values(some, sources, of=0).items()}
    some_way = {t: way for each in units for number in each for t, way in each.pair(number).items()}
    values = ChainMap(alike, sources)  # type: ignore[arg-type]
    at_rest = runs.equal(runs.model(some_way, values), runs.graph(values, ()))
    names = list(dict.fromkeys(name for same in at_rest for name in same))
    found: dict[str, Way] = {}
    for each in units:
        told = _told(each, values, runs, assignment=some_way, at_rest=at_rest, names=names)
        if told is None:
            return None
        found |= told
    return found


def _told(
    each: Units,
    values: ChainMap[str, np.ndarray],
    runs: Runs,
    *,
    assignment: Assignment,
    at_rest: Names,
    names: Sequence[str],
) -> Assignment | None:
    """Returns the assignment of one ambiguity's scopes; None where several would do, or none."""
    ways = [values.new_child(_values(each, values.parents, of=1, only=n)) for n in each]
    tensors = [runs.graph(one, names) for one in ways]
    found: dict[str, Way] = {}
    taken = []
    for layer, one in enumerate(ways):
        outputs = runs.model(assignment, one)
        scopes = [
            scope
            for scope, theirs in enumerate(tensors)
            if all(
                set(same).intersection(known)
                for same, known in zip(runs.equal(outputs, theirs), at_rest, strict=True)
            )
        ]
        if len(scopes) != 1:
            return None
        taken += scopes
        found |= each.pair(scopes[0], layer)
    return found if len({*taken}) == len(taken) else None


def _values(
    units: Units, sources: Values, *, of: int, only: int | None = None
) -> dict[str, np.ndarray]:
    """Returns the values of one scope for what all others have in their places, or one of them."""
    theirs = units.pair(of, 0)
    numbers = units if only is None else [only]
    return {
        way.sources[0]: sources[theirs[target].sources[0]]
        for number in numbers
        for target, way in units.pair(number, 0).items()
    }


def _same_shapes(plan: Plan, units: Units) -> bool:
    first = {t: plan.sources[way.sources[0]] for t, way in units.pair(0, 0).items()}
    return all(
        plan.sources[way.sources[0]] == first[target]
        for number in units
        for target, way in units.pair(number, 0).items()
    )
