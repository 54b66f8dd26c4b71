"""Evidence from numbered neighbours: the only place that their order leaves."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from tf1compat.migration.matching.evidence.base import Evidence, Proposal
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.state import (
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
        anchors = {
            both: row
            for both, row in state.anchors().items()
            if len(row) >= _ANCHORS
            and both not in state.distrusted
            and all(a[1] < b[1] for a, b in pairwise(row))
        }
        for group in state.groups:
            if len(group.sources) * len(group.targets) <= _WIDE:
                yield from _single(state, group, anchors)


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
