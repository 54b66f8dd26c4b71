"""Evidence from numbered neighbours: the only place that their order leaves."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from tf1compat.migration.matching.evidence.base import Evidence, Proposal
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.state import (
    Chain,
    ChainPair,
    EvidenceKind,
    Group,
    Numbers,
    State,
    chains,
)

__all__ = ["ByNeighbours"]

_BETWEEN = EvidenceKind(
    "neighbours", "the only place between its numbered neighbours", by_order=True
)
_ELSEWHERE = EvidenceKind(
    "neighbours_rest", "every other place goes to numbered neighbours", by_order=True
)
_WIDE = 4096  # pairs within a group that are tried one by one
_ANCHORS = 2  # pairs that have to agree on the order of two chains before it counts

Anchors = Mapping[ChainPair, Sequence[tuple[Numbers, Numbers]]]


class ByNeighbours(Evidence):
    """Pairs numbered nodes whose neighbours of the same numbering leave them one place."""

    name = "neighbours"
    kinds = (_BETWEEN, _ELSEWHERE)

    def across(self, state: State) -> Iterator[Proposal]:
        nested = _Nesting(state)
        anchors = {
            both: row
            for both, row in state.anchors().items()
            if len(row) >= _ANCHORS
            and both not in state.distrusted
            and all(a[1] < b[1] for a, b in pairwise(row))
            and nested.alike(both, row)
        }
        for group in state.groups:
            if len(group.sources) * len(group.targets) <= _WIDE:
                yield from _single(state, group, anchors)


class _Nesting:
    """Which number of a path is within which: ``cell_0/path_1`` may be ``path_1_of_cell_0``."""

    def __init__(self, state: State) -> None:
        self._varying = _varying(state.source.nodes), _varying(state.target.nodes)

    def alike(self, both: ChainPair, row: Sequence[tuple[Numbers, Numbers]]) -> bool:
        """Tells whether anchors in a row don't show that one side nests its numbers otherwise.

        From one anchor to the next the outer number may stay and the inner one go up. If on the
        other side it is the outer one that does, order says nothing of what else is numbered.
        """
        source, target = (sides[chain] for sides, chain in zip(self._varying, both, strict=True))
        if len(source) != len(target):
            return True
        return all(
            source.index(_first(a[0], b[0])) == target.index(_first(a[1], b[1]))
            for a, b in pairwise(row)
            if a[0] != b[0]  # names that differ in capitals only have the same numbers
        )


def _varying(nodes: Sequence[Node]) -> Mapping[Chain, Sequence[int]]:
    """Returns for each chain the levels at which its nodes' numbers aren't all the same."""
    found: dict[Chain, list[Numbers]] = defaultdict(list)
    for node in nodes:
        found[node.place.chain].append(node.place.numbers)
    return {
        chain: [level for level, every in enumerate(zip(*rows, strict=True)) if len({*every}) > 1]
        for chain, rows in found.items()
    }


def _first(one: Numbers, other: Numbers) -> int:
    return next(level for level, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)


def _single(state: State, group: Group, anchors: Anchors) -> Iterator[Proposal]:
    """Yields at most one pair: the next look sees it."""
    options = {
        source: [t for t in group.targets if _possible(state, source, t, anchors)]
        for source in group.sources
    }
    askers: dict[Node, list[Node]] = defaultdict(list)
    for source, targets in options.items():
        for target in targets:
            askers[target].append(source)
    for source, targets in options.items():
        for target in targets:
            alone_s = len(targets) == 1 and (group.balanced or len(askers[target]) == 1)
            alone_t = len(askers[target]) == 1 and group.balanced
            if alone_s or alone_t:
                anchored = chains(source, target) in anchors
                yield Proposal(source, target, (_BETWEEN if anchored else _ELSEWHERE).because())
                return


def _possible(state: State, source: Node, target: Node, anchors: Anchors) -> bool:
    if not state.allows(source, target):
        return False
    row = anchors.get(chains(source, target))
    if row is None:
        return True
    at = bisect_left(row, (source.place.numbers,))
    above = at == len(row) or target.place.numbers < row[at][1]
    return above and (at == 0 or row[at - 1][1] < target.place.numbers)
