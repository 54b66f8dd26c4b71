"""The assignments that an ambiguity leaves open, few enough to try them all."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from tf1compat.checkpoint import Entry
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.matching.nodes import coarse_role
from tf1compat.migration.planning.joining import joining_layout
from tf1compat.migration.planning.lines import Ambiguity
from tf1compat.migration.planning.plan import Plan

__all__ = ["Assignment", "open_assignments"]

Assignment = Mapping[str, str]
"""For each target of the ambiguities, its source."""

_Fits = Callable[[str, str], bool]
_OFFSETS = {"bias", "beta"}  # what a norm adds has either name


def open_assignments(
    plan: Plan, index: ModelIndex, checkpoint: Mapping[str, Entry], *, most: int
) -> list[Assignment]:
    """Returns every assignment of ambiguous sources to targets; [] if there are too many.

    Each source goes to one target of its role, and of a shape that a layout leads to. Where scopes
    and layers hold the same things, a scope goes to a layer as a whole.

    Args:
      plan: a plan.
      index: the model's index.
      checkpoint: the open checkpoint.
      most: how many there may be.
    """

    def fits(source: str, target: str) -> bool:
        roles = {
            coarse_role(checkpoint[source].name.role, plan.sources[source].shape),
            coarse_role(index[target].role, plan.targets[target].shape),
        }
        alike = len(roles) == 1 or "vector" in roles or roles == _OFFSETS
        return alike and joining_layout(plan.sources[source], plan.targets[target]) is not None

    found: list[Assignment] = [{}]
    for tie in plan.ambiguities:
        one = list(itertools.islice(_of_tie(tie, index, checkpoint, fits), most + 1))
        found = [{**a, **b} for a in found for b in one]
        if len(found) > most:
            return []
    return found


def _of_tie(
    tie: Ambiguity, index: ModelIndex, checkpoint: Mapping[str, Entry], fits: _Fits
) -> Iterator[Assignment]:
    if len(tie.sources) != len(tie.targets):
        return iter(())  # what is left over would need a reason
    scopes: dict[str, list[str]] = defaultdict(list)
    for source in tie.sources:
        scopes[checkpoint[source].name.scope].append(source)
    layers: dict[str, list[str]] = defaultdict(list)
    for target in tie.targets:
        layers[index[target].layer_path].append(target)
    by_module = _of_modules(list(scopes.values()), list(layers.values()), fits)
    first = next(by_module, None)
    if first is None:
        return _of_members(tie.sources, tie.targets, fits)
    return itertools.chain([first], by_module)


def _of_modules(
    scopes: Sequence[Sequence[str]], layers: Sequence[Sequence[str]], fits: _Fits
) -> Iterator[Assignment]:
    if not scopes and not layers:
        yield {}
    for place, layer in enumerate(layers) if scopes else ():
        rest = [*layers[:place], *layers[place + 1 :]]
        for members in _of_members(scopes[0], layer, fits):
            for others in _of_modules(scopes[1:], rest, fits):
                yield {**members, **others}


def _of_members(
    sources: Sequence[str], targets: Sequence[str], fits: _Fits
) -> Iterator[Assignment]:
    if len(sources) != len(targets):
        return
    if not sources:
        yield {}
        return
    for place, target in enumerate(targets):
        if fits(sources[0], target):
            rest = [*targets[:place], *targets[place + 1 :]]
            for others in _of_members(sources[1:], rest, fits):
                yield {target: sources[0], **others}
