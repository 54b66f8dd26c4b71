"""The state of one matching: two sides, what is paired, and the groups still open."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import pairwise

from tf1compat.migration.matching._flow import Flow
from tf1compat.migration.matching._joined_nodes import Joins
from tf1compat.migration.matching._owners import owners_of
from tf1compat.migration.matching._surroundings import Surroundings
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.objections import Objections
from tf1compat.names.reasons import Kind, Reason

__all__ = [
    "Chain",
    "ChainPair",
    "EvidenceKind",
    "Group",
    "Numbers",
    "Pair",
    "Side",
    "State",
    "chains",
]

_EXCEPTIONS = 0.25  # of a chain's neighbours may stand the other way round: parallel branches do

Numbers = tuple[int, ...]
Chain = tuple[str, ...]
"""A path without its numbers."""
ChainPair = tuple[Chain, Chain]
"""The chains (paths without numbers) of a source and of a target."""
Colours = Mapping[Node, int]


@dataclasses.dataclass(frozen=True)
class EvidenceKind(Kind):
    """A kind of evidence.

    Attributes:
      by_order: whether it rests on numbering; taken back where numbering turns out to mislead.
      reordered: whether the two sides' numbers stand in another order on purpose.
      overrules_names: whether it counts even where names speak against a pair.
    """

    by_order: bool = False
    reordered: bool = False
    overrules_names: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Side:
    """One side of a matching.

    Attributes:
      nodes: its nodes, in order of creation.
      flow: which feed which, where that is known.
      joins: where what they made is added up or put side by side, as far as that is known.
      absent: paths of scopes in which something has no counterpart at all on the other side.
    """

    nodes: Sequence[Node]
    flow: Flow | None = None
    absent: frozenset[str] = frozenset()
    joins: Joins = dataclasses.field(default_factory=lambda: Joins((), ()))

    @functools.cached_property
    def known(self) -> frozenset[Node]:
        """The nodes, to tell others from them."""
        return frozenset(self.nodes)

    @functools.cached_property
    def owners(self) -> Mapping[Node, Node]:
        """For nodes without a kernel, the node that they normalize, where that is known."""
        return owners_of(self.nodes, self.flow)


@dataclasses.dataclass(frozen=True)
class Group:
    """Sources and targets of which nothing yet tells which belongs to which.

    Attributes:
      sources: in order of creation.
      targets: in order of creation.
      evidence: what told them apart from the others.
    """

    sources: tuple[Node, ...]
    targets: tuple[Node, ...]
    evidence: tuple[Reason, ...] = ()

    @property
    def balanced(self) -> bool:
        """Whether there are as many sources as targets."""
        return len(self.sources) == len(self.targets)

    def part(self, sources: Sequence[Node], targets: Sequence[Node], reason: Reason) -> Group:
        """Returns a part of this group, told apart by one more piece of evidence."""
        evidence = tuple(dict.fromkeys((*self.evidence, reason)))
        return Group(tuple(sources), tuple(targets), evidence)


@dataclasses.dataclass(frozen=True)
class Pair:
    """A source's target and why."""

    target: Node
    evidence: tuple[Reason, ...]

    @property
    def by_order(self) -> bool:
        """Whether any of its evidence rests on numbering."""
        return any(kind.by_order for kind in self._kinds)

    @property
    def reordered(self) -> bool:
        """Whether the numbers of source and target stand in another order on purpose."""
        return any(kind.reordered for kind in self._kinds)

    @property
    def _kinds(self) -> list[EvidenceKind]:
        return _kinds_of(self.evidence)


def _kinds_of(reasons: Iterable[Reason]) -> list[EvidenceKind]:
    """Returns the kinds of reasons, of those that evidence gives."""
    kinds = (reason.kind for reason in reasons)
    return [kind for kind in kinds if isinstance(kind, EvidenceKind)]


@dataclasses.dataclass
class _Derived:
    """What follows from the pairs there are; worked out anew when there is one more."""

    pairs: int = -1
    colours: dict[int, tuple[Colours, Colours]] = dataclasses.field(default_factory=dict)
    otherwise: frozenset[Chain] | None = None


@dataclasses.dataclass(eq=False)
class State:
    """What evidence looks at; only the solver changes it.

    Attributes:
      source: the side of the v1 variables.
      target: the side of the Keras weights.
      level: which of the nodes' signatures counts.
      fits: tells whether a target can hold a source.
      objections: what names say against pairs.
      distrusted: pairs of chains whose numbering is known to mislead.
      pairs: by source, what is paired so far.
      taken: by paired target, its source.
      groups: what is still open, as of when the groups were last looked at.
      group_of: the group of every node that is still open, as of now.
    """

    source: Side
    target: Side
    level: int
    fits: Callable[[Node, Node], bool]
    objections: Objections
    distrusted: frozenset[ChainPair] = frozenset()
    pairs: dict[Node, Pair] = dataclasses.field(default_factory=dict)
    taken: dict[Node, Node] = dataclasses.field(default_factory=dict)
    groups: list[Group] = dataclasses.field(default_factory=list)
    group_of: dict[Node, Group] = dataclasses.field(default_factory=dict)
    _derived: _Derived = dataclasses.field(default_factory=_Derived)

    def pair(self, source: Node, pair: Pair) -> None:
        """Records that `source` goes to the pair's target."""
        self.pairs[source] = pair
        self.taken[pair.target] = source
        for node in (source, pair.target):
            self.group_of.pop(node, None)
        if self.surroundings is not None:
            for near, node in zip(self.surroundings, (source, pair.target), strict=True):
                near.pair(node, source)

    def open(self, groups: Iterable[Group], *, instead_of: Iterable[Group] = ()) -> None:
        """Records that nodes are now in these groups, and no more in those before."""
        for group in instead_of:
            for node in (*group.sources, *group.targets):
                self.group_of.pop(node, None)
        for group in groups:
            self.group_of.update(dict.fromkeys((*group.sources, *group.targets), group))

    @functools.cached_property
    def surroundings(self) -> tuple[Surroundings, Surroundings] | None:
        """What sources and what targets have around them; None where a flow isn't known."""
        flows = self.source.flow, self.target.flow
        if flows[0] is None or flows[1] is None:
            return None
        return Surroundings(flows[0], self.signature), Surroundings(flows[1], self.signature)

    def allows(self, source: Node, target: Node, evidence: Iterable[Reason] = ()) -> bool:
        """Tells whether a target can hold a source, and names don't speak against it.

        What they say is overruled by `evidence` such as the data flow of both graphs.
        """
        if not self.fits(source, target):
            return False
        overruled = any(kind.overrules_names for kind in _kinds_of(evidence))
        return overruled or not self.objections.between(source, target)

    def signature(self, node: Node) -> Hashable:
        """What `node` holds, as far as it counts at this level."""
        return node.signatures[self.level]

    def colours(self, radius: int) -> tuple[Colours, Colours] | None:
        """Returns colours of the sources and of the targets by their surroundings in the flow.

        A paired node is known by its pair, any other by what it holds. None where a flow isn't
        known.
        """
        flows = self.source.flow, self.target.flow
        if flows[0] is None or flows[1] is None:
            return None
        known = self._known().colours
        if radius not in known:
            partners = {s: s.order for s in self.pairs} | {
                t: s.order for t, s in self.taken.items()
            }

            def known_by(node: Node) -> Hashable:
                return ("paired", partners[node]) if node in partners else self.signature(node)

            known[radius] = flows[0].colours(known_by, radius), flows[1].colours(known_by, radius)
        return known[radius]

    def counts_otherwise(self, source: Node) -> bool:
        """Tells whether the numbering of a source's chain doesn't run with the targets' creation.

        Judged by its members that were paired without looking at any order.
        """
        known = self._known()
        if known.otherwise is None:
            known.otherwise = self._counting_otherwise()
        return source.place.chain in known.otherwise

    def _known(self) -> _Derived:
        if self._derived.pairs != len(self.pairs):
            self._derived = _Derived(len(self.pairs))
        return self._derived

    def _counting_otherwise(self) -> frozenset[Chain]:
        rows: dict[Chain, list[tuple[Numbers, int]]] = {}
        for source, pair in self.pairs.items():
            if not pair.by_order:
                row = rows.setdefault(source.place.chain, [])
                row.append((source.place.numbers, pair.target.order))
        found = set()
        for chain, row in rows.items():
            targets = [target for _, target in sorted(row)]
            down = sum(a > b for a, b in pairwise(targets))
            if down > _EXCEPTIONS * (len(targets) - 1):
                found.add(chain)
        return frozenset(found)

    def anchored(self, source: Node) -> bool:
        """Tells whether a node that feeds `source`, or that it feeds, is paired."""
        flow = self.source.flow
        if flow is None:
            return False
        near = (*flow.direct.get(source, ()), *flow.consumers.get(source, ()))
        return any(node in self.pairs for node in near)

    def anchors(self) -> Mapping[ChainPair, list[tuple[Numbers, Numbers]]]:
        """Returns, for each pair of chains, the numbers of its pairs, sorted by the source's."""
        found: dict[ChainPair, list[tuple[Numbers, Numbers]]] = {}
        for source, pair in self.pairs.items():
            if not pair.reordered:
                found.setdefault(chains(source, pair.target), []).append(
                    (source.place.numbers, pair.target.place.numbers)
                )
        for row in found.values():
            row.sort()
        return found

    def disordered(self) -> set[ChainPair]:
        """Returns the pairs of chains whose pairs, in the source's order, jump back and forth."""
        return {
            both
            for both, row in self.anchors().items()
            if any(a[1] >= b[1] for a, b in pairwise(row))
        }


def chains(source: Node, target: Node) -> ChainPair:
    """Returns the two chains (paths without numbers) that pairing these would align."""
    return source.place.chain, target.place.chain
