"""The assignments that an ambiguity leaves open, few enough to try them all."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tf1compat.checkpoint import Entry
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.layouts.answers import made_of
from tf1compat.migration.layouts.chain import chain
from tf1compat.migration.layouts.layout import Layout, Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.matching.nodes import coarse_role
from tf1compat.migration.planning.computed import ALIKE, COMPUTED
from tf1compat.migration.planning.joining import joining_layout
from tf1compat.migration.planning.lines import Ambiguity, Way
from tf1compat.migration.planning.plan import Plan
from tf1compat.names.reasons import Kind

__all__ = ["Assignment", "OpenAssignments", "Units", "layout_for", "open_assignments", "open_units"]

Assignment = Mapping[str, Way]
"""For each target of the ambiguities, what fills it."""

_Fits = Callable[[Way, str], bool]
_OFFSETS = {"bias", "beta"}  # what a norm adds has either name
_NUMBER = re.compile(r"\d+")


@dataclasses.dataclass(frozen=True)
class OpenAssignments:
    """Assignments to try.

    Attributes:
      each: the assignments.
      kind: what is said of the one that is taken.
      count: how many were tried, where these are what is left of them.
    """

    each: Sequence[Assignment]
    kind: Kind
    count: int = 0

    @property
    def tried(self) -> int:
        """How many were tried."""
        return self.count or len(self.each)


@dataclasses.dataclass(frozen=True)
class Units:
    """Scopes and layers of an ambiguity, as many of both; iterating gives their numbers.

    Attributes:
      pairs: for each scope and each layer what goes where if the one fills the other.
    """

    pairs: Sequence[Sequence[Assignment]]

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.pairs)))

    def pair(self, scope: int, layer: int | None = None) -> Assignment:
        """Returns what goes where if a scope fills a layer; by default that of its own number."""
        return self.pairs[scope][scope if layer is None else layer]


def open_assignments(
    plan: Plan, index: ModelIndex, checkpoint: Mapping[str, Entry], *, most: int
) -> OpenAssignments:
    """Returns assignments of ambiguous sources to targets; none if there are too many.

    Each source goes to one target of its role, and of a shape that a layout leads to. Where scopes
    and layers hold the same things, a scope goes to a layer as a whole. If there are too many of
    them, ties that differ in numbers alone are assigned alike.

    Args:
      plan: a plan.
      index: the model's index.
      checkpoint: the open checkpoint.
      most: how many there may be.
    """
    fits = _fits_of(plan, index)

    def by_shape(way: Way, target: str) -> bool:
        return layout_for(plan, way, target) is not None

    ties = [_Tie.of(tie, index, checkpoint) for tie in plan.ambiguities]
    # A graph may have told that what is called a bias is a table of one column.
    each = [tie.assignments(fits, most) or tie.assignments(by_shape, most) for tie in ties]
    found = _products(each, most)
    if found is not None:
        return OpenAssignments(found, COMPUTED)
    groups: dict[object, list[_Tie]] = defaultdict(list)
    for tie in ties:
        groups[tie.kind].append(tie)
    options = [
        [_union(tie.alike(one) for tie in group) for one in group[0].assignments(fits, most)]
        for group in groups.values()
    ]
    return OpenAssignments(_products(options, most) or (), ALIKE)


def open_units(
    plan: Plan, index: ModelIndex, checkpoint: Mapping[str, Entry], *, most: int
) -> list[Units] | None:
    """Returns scopes and layers of each ambiguity that fill each other in one way each.

    None where those of an ambiguity don't, or there are too many.

    Args:
      plan: a plan.
      index: the model's index.
      checkpoint: the open checkpoint.
      most: how many scopes there may be.
    """
    fits = _fits_of(plan, index)
    found = [_Tie.of(tie, index, checkpoint).units(fits) for tie in plan.ambiguities]
    known = [units for units in found if units is not None]
    few = sum(len(units.pairs) for units in known) <= most
    return known if known and few and len(known) == len(found) else None


def _fits_of(plan: Plan, index: ModelIndex) -> _Fits:
    def fits(way: Way, target: str) -> bool:
        roles = {
            coarse_role(way.role, _made(plan, way).shape),
            coarse_role(index[target].role, plan.targets[target].shape),
        }
        alike = len(roles) == 1 or "vector" in roles or roles == _OFFSETS
        return alike and layout_for(plan, way, target) is not None

    return fits


def layout_for(plan: Plan, way: Way, target: str) -> Layout | None:
    """Returns the layout by which a way fills a target; None if none leads there."""
    rest = joining_layout(_made(plan, way), plan.targets[target])
    return None if rest is None else chain(parse_layout(way.layout), rest)


def _made(plan: Plan, way: Way) -> Spec:
    return made_of(parse_layout(way.layout), [plan.sources[source] for source in way.sources])


def _products(options: Sequence[Sequence[Assignment]], most: int) -> list[Assignment] | None:
    """Returns each choice of one of all options together; None if there are too many."""
    found: list[Assignment] = [{}]
    for some in options:
        found = [{**a, **b} for a in found for b in some]
        if len(found) > most:
            return None
    return found


def _union(assignments: Iterable[Assignment]) -> Assignment:
    return {target: way for one in assignments for target, way in one.items()}


@dataclasses.dataclass(frozen=True)
class _Tie:
    """An ambiguity, its ways by the scope that each is in, its targets by their layers."""

    scopes: Sequence[Sequence[Way]]
    layers: Sequence[Sequence[str]]

    @classmethod
    def of(cls, tie: Ambiguity, index: ModelIndex, checkpoint: Mapping[str, Entry]) -> _Tie:
        ways = tie.ways or tuple(Way(s, checkpoint[s].name.role, (s,)) for s in tie.sources)
        scopes: dict[str, list[Way]] = defaultdict(list)
        for way in ways:
            scopes[way.path.rpartition("/")[0]].append(way)
        layers: dict[str, list[str]] = defaultdict(list)
        for target in tie.targets:
            layers[index[target].layer_path].append(target)
        return cls(list(scopes.values()), list(layers.values()))

    @property
    def ways(self) -> list[Way]:
        return [way for some in self.scopes for way in some]

    @property
    def targets(self) -> list[str]:
        return [target for some in self.layers for target in some]

    def assignments(self, fits: _Fits, most: int) -> list[Assignment]:
        """Returns its assignments, of scopes to layers if they can be; at most one too many."""
        if len(self.ways) != len(self.targets):
            return []  # what is left over would need a reason
        by_module = list(itertools.islice(_of_modules(self.scopes, self.layers, fits), most + 1))
        by_member = _of_members(self.ways, self.targets, fits)
        return by_module or list(itertools.islice(by_member, most + 1))

    def units(self, fits: _Fits) -> Units | None:
        """Returns its scopes and layers where each can fill each in one way alone, else None."""
        if len(self.scopes) != len(self.layers) or len(self.scopes) < 2:
            return None
        ways = [[list(_of_members(s, t, fits)) for t in self.layers] for s in self.scopes]
        several = any(len(one) != 1 for some in ways for one in some)
        plain = all(len(way.sources) == 1 for way in self.ways)
        return None if several or not plain else Units([[one[0] for one in some] for some in ways])

    @property
    def kind(self) -> object:
        """What ties have in common that differ in numbers alone; nothing equals that of others."""
        ways, targets = ({*map(_unnumbered, some)} for some in (self._paths, self.targets))
        unlike = len(ways) == len(self.ways) and len(targets) == len(self.targets)
        return (frozenset(ways), frozenset(targets)) if unlike else id(self)

    @property
    def _paths(self) -> list[str]:
        return [way.path for way in self.ways]

    def alike(self, other: Assignment) -> Assignment:
        """Returns its assignment that differs from that of another tie of its kind in numbers."""
        if other.keys() == {*self.targets}:
            return other
        ways = {_unnumbered(way.path): way for way in self.ways}
        targets = {_unnumbered(target): target for target in self.targets}
        return {
            targets[_unnumbered(target)]: ways[_unnumbered(way.path)]
            for target, way in other.items()
        }


def _unnumbered(path: str) -> str:
    return _NUMBER.sub("", path)


def _of_modules(
    scopes: Sequence[Sequence[Way]], layers: Sequence[Sequence[str]], fits: _Fits
) -> Iterator[Assignment]:
    if not scopes and not layers:
        yield {}
    for place, layer in enumerate(layers) if scopes else ():
        rest = [*layers[:place], *layers[place + 1 :]]
        for members in _of_members(scopes[0], layer, fits):
            for others in _of_modules(scopes[1:], rest, fits):
                yield {**members, **others}


def _of_members(ways: Sequence[Way], targets: Sequence[str], fits: _Fits) -> Iterator[Assignment]:
    if len(ways) != len(targets):
        return
    if not ways:
        yield {}
        return
    for place, target in enumerate(targets):
        if fits(ways[0], target):
            rest = [*targets[:place], *targets[place + 1 :]]
            for others in _of_members(ways[1:], rest, fits):
                yield {target: ways[0], **others}
