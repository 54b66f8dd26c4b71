"""The state of one matching: two sides, what is paired, and the groups still open."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import pairwise

from tf1compat.migration.matching._flow import Flow
from tf1compat.migration.matching.places import Place

__all__ = ["Group", "Pair", "Side", "State"]

ORDER_KINDS = frozenset({"numbers", "neighbours"})
"""Kinds of evidence that rest on numbering."""

_EXCEPTIONS = 0.25  # of a chain's neighbours may stand the other way round: parallel branches do

Colours = Mapping[int, int]
ChainPair = tuple[tuple[str, ...], tuple[str, ...]]


@dataclasses.dataclass(frozen=True)
class Side:
    """The modules (or single variables) of one side.

    Attributes:
      places: where each stands.
      signatures: what each holds; only equal signatures can be paired.
      shapes: the shapes each holds; modules of equal shapes fit the same modules.
      carries: whether each holds a kernel or table (and not only a norm's or a lone bias's values).
      flow: which feed which, where that is known.
      absent: paths of scopes in which something has no counterpart at all on the other side.
    """

    places: Sequence[Place]
    signatures: Sequence[Hashable]
    shapes: Sequence[Hashable]
    carries: Sequence[bool]
    flow: Flow | None = None
    absent: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True)
class Group:
    """Sources and targets of which nothing yet tells which belongs to which."""

    sources: tuple[int, ...]
    targets: tuple[int, ...]
    evidence: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()

    @property
    def balanced(self) -> bool:
        """Whether there are as many sources as targets."""
        return len(self.sources) == len(self.targets)

    def part(self, sources: Sequence[int], targets: Sequence[int], *, kind: str, why: str) -> Group:
        """Returns a part of this group, told apart by one more piece of evidence."""
        return Group(
            tuple(sources),
            tuple(targets),
            tuple(dict.fromkeys((*self.evidence, why))),
            self.kinds | {kind},
        )


@dataclasses.dataclass(frozen=True)
class Pair:
    """A source's target and why."""

    target: int
    evidence: tuple[str, ...]
    kinds: frozenset[str] = frozenset()


@dataclasses.dataclass
class State:
    """Everything the strategies look at; only :mod:`solver` changes it."""

    source: Side
    target: Side
    fits: Callable[[int, int], bool]
    pairs: dict[int, Pair] = dataclasses.field(default_factory=dict)
    taken: dict[int, int] = dataclasses.field(default_factory=dict)
    groups: list[Group] = dataclasses.field(default_factory=list)
    distrusted: set[ChainPair] = dataclasses.field(default_factory=set)
    _otherwise_at: int = -1
    _otherwise: set[tuple[str, ...]] = dataclasses.field(default_factory=set)
    _colours: dict[tuple[int, int], tuple[Colours, Colours]] = dataclasses.field(
        default_factory=dict
    )

    def chain_pair(self, source: int, target: int) -> ChainPair:
        """Returns the two chains (paths without numbers) that this pair would align."""
        return self.source.places[source].chain, self.target.places[target].chain

    def colours(self, radius: int) -> tuple[Colours, Colours]:
        """Returns colours of the sources and of the targets by their surroundings in the flow."""
        key = (len(self.pairs), radius)
        if key not in self._colours and self.source.flow and self.target.flow:
            base_s: list[Hashable] = list(self.source.signatures)
            base_t: list[Hashable] = list(self.target.signatures)
            for source, pair in self.pairs.items():
                base_s[source] = base_t[pair.target] = ("paired", source)
            self._colours.clear()
            self._colours[key] = (
                self.source.flow.colours(base_s, radius=radius),
                self.target.flow.colours(base_t, radius=radius),
            )
        return self._colours[key]

    def counts_otherwise(self, source: int) -> bool:
        """Tells whether the numbering of a source's chain doesn't run with the targets' creation.

        Judged by its members that were paired without looking at any order.
        """
        chain = self.source.places[source].chain
        key = len(self.pairs)
        if self._otherwise_at != key:
            self._otherwise_at, self._otherwise = key, self._find_otherwise()
        return chain in self._otherwise

    def _find_otherwise(self) -> set[tuple[str, ...]]:
        rows: dict[tuple[str, ...], list[tuple[tuple[int, ...], int]]] = {}
        for source, pair in self.pairs.items():
            if not pair.kinds & ORDER_KINDS:
                place = self.source.places[source]
                rows.setdefault(place.chain, []).append((place.numbers, pair.target))
        found = set()
        for chain, row in rows.items():
            targets = [target for _, target in sorted(row)]
            down = sum(a > b for a, b in pairwise(targets))
            if down > _EXCEPTIONS * (len(targets) - 1):
                found.add(chain)
        return found

    def anchored(self, source: int) -> bool:
        """Tells whether a module that feeds `source`, or that it feeds, is paired."""
        flow = self.source.flow
        if flow is None:
            return False
        near = (*flow.direct.get(source, ()), *flow.consumers.get(source, ()))
        return any(node in self.pairs for node in near)

    def anchors(self) -> Mapping[ChainPair, list[tuple[tuple[int, ...], tuple[int, ...]]]]:
        """Returns, for each pair of chains, the numbers of its pairs, sorted by the source's."""
        found: dict[ChainPair, list[tuple[tuple[int, ...], tuple[int, ...]]]] = {}
        for source, pair in self.pairs.items():
            if "labels" in pair.kinds:  # their numbers stand in another order on purpose
                continue
            found.setdefault(self.chain_pair(source, pair.target), []).append(
                (self.source.places[source].numbers, self.target.places[pair.target].numbers)
            )
        for anchors in found.values():
            anchors.sort()
        return found
