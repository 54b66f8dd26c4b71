"""Pairs sources with targets as far as evidence goes, and says where it ends.

The solver groups both sides by what they hold, pairs what is alone in its group, and then lets
every kind of evidence split the groups that are left, again and again, until nothing moves. It
never picks among equals: what no evidence tells apart is left in groups.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from tf1compat.files.telling import tell_step
from tf1compat.migration.matching._asked_evidence import (
    following_by,
    leads_on,
    parts_by,
    proposals_by,
)
from tf1compat.migration.matching.evidence import EVIDENCE, Proposal
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.objections import Objections
from tf1compat.migration.matching.state import (
    ChainPair,
    EvidenceKind,
    Group,
    Pair,
    Side,
    State,
    chains,
)

__all__ = ["ALONE", "Solution", "solve"]

ALONE = EvidenceKind("alone", "nothing else of these roles and shapes on either side")

_LEVELS = (0, 1)  # of a node's signatures


@dataclasses.dataclass(frozen=True)
class Solution:
    """Pairs by source, and the groups of equals that are left."""

    pairs: Mapping[Node, Pair]
    groups: tuple[Group, ...]


def solve(
    source: Side,
    target: Side,
    *,
    fits: Callable[[Node, Node], bool],
    known: Mapping[Node, Pair],
) -> Solution:
    """Returns what evidence pairs, first by all that nodes hold, then by their main parts.

    Args:
      source: the side of the v1 variables.
      target: the side of the Keras weights.
      fits: tells whether a target can hold a source.
      known: pairs made before, which count as evidence.
    """
    solution = Solution(known, ())
    for level in _LEVELS:
        solution = _solve_level(source, target, level, fits=fits, known=solution.pairs)
    return solution


def _solve_level(
    source: Side,
    target: Side,
    level: int,
    *,
    fits: Callable[[Node, Node], bool],
    known: Mapping[Node, Pair],
) -> Solution:
    """Returns what evidence pairs among nodes of equal signatures of this level.

    Pairs made because of numbering are taken back, and that numbering not trusted any more, where
    other pairs show that the two sides number differently.
    """
    if len(known) in (len(source.nodes), len(target.nodes)):
        return Solution(known, ())
    distrusted: frozenset[ChainPair] = frozenset()
    objections = Objections(source.nodes, target.nodes)
    while True:
        state = State(source, target, level, fits, objections, distrusted)
        for node, pair in known.items():
            state.pair(node, pair)
        state.groups = _initial_groups(state)
        state.open(state.groups)
        _follow(state, known)
        _exhaust(state)
        wrong = state.disordered() - distrusted
        if not _relied_on(state, wrong):
            return Solution(state.pairs, tuple(state.groups))
        distrusted |= wrong


def _relied_on(state: State, wrong: set[ChainPair]) -> bool:
    return any(
        pair.by_order and chains(source, pair.target) in wrong
        for source, pair in state.pairs.items()
    )


def _initial_groups(state: State) -> list[Group]:
    sources: dict[Hashable, list[Node]] = defaultdict(list)
    targets: dict[Hashable, list[Node]] = defaultdict(list)
    for node in state.source.nodes:
        if node not in state.pairs:
            sources[state.signature(node)].append(node)
    for node in state.target.nodes:
        if node not in state.taken:
            targets[state.signature(node)].append(node)
    return [
        part
        for signature in sources
        if signature in targets
        for part in _fitting(state, sources[signature], targets[signature])
    ]


def _fitting(state: State, sources: Sequence[Node], targets: Sequence[Node]) -> list[Group]:
    """Splits a group by which shapes fit which, judging by one node of each shape."""
    left = _by_shape(targets)
    parts: list[tuple[list[Node], list[Node]]] = []
    for nodes in _by_shape(sources).values():
        fit = [key for key in left if state.fits(nodes[0], left[key][0])]
        joined = (nodes, [t for key in fit for t in left.pop(key)])
        for part in [p for p in parts if any(state.fits(nodes[0], t) for t in p[1])]:
            parts.remove(part)
            joined = (part[0] + joined[0], part[1] + joined[1])
        parts.append(joined)
    return [Group(_in_order(s), _in_order(t)) for s, t in parts if s and t]


def _by_shape(nodes: Sequence[Node]) -> dict[Hashable, list[Node]]:
    found: dict[Hashable, list[Node]] = defaultdict(list)
    for node in nodes:
        found[node.shapes].append(node)
    return found


def _in_order(nodes: Sequence[Node]) -> tuple[Node, ...]:
    return tuple(sorted(nodes, key=lambda node: node.order))


def _exhaust(state: State) -> None:
    while _split_groups(state) | _accept_proposals(state):
        pass


def _split_groups(state: State) -> bool:
    """Lets evidence split the open groups until none can be; returns whether anything moved."""
    moved, groups, waiting = False, [], list(state.groups)
    while waiting:
        tell_step("layers and weights paired", len(state.pairs), len(state.target.nodes))
        group = _open_part(state, waiting.pop())
        if not group.sources or not group.targets:
            continue
        if len(group.sources) == len(group.targets) == 1 and _pair_alone(state, group):
            moved = True
            continue
        parts = _told_apart(state, group)
        if parts:
            state.open(parts, instead_of=(group,))
            waiting.extend(parts)
            moved = True
        else:
            groups.append(group)
    state.groups = groups
    return moved


def _told_apart(state: State, group: Group) -> Sequence[Group]:
    """Returns the parts of a group that the strongest evidence with anything to say makes."""
    for evidence in EVIDENCE.values():
        parts = parts_by(evidence, state, group)
        if parts:
            return parts
    return ()


def _open_part(state: State, group: Group) -> Group:
    sources = tuple(s for s in group.sources if s not in state.pairs)
    targets = tuple(t for t in group.targets if t not in state.taken)
    return dataclasses.replace(group, sources=sources, targets=targets)


def _pair_alone(state: State, group: Group) -> bool:
    source, target = group.sources[0], group.targets[0]
    if not state.allows(source, target, group.evidence):
        return False
    state.pair(source, Pair(target, group.evidence or (ALONE.because(),)))
    _follow(state, (source,))
    return True


def _follow(state: State, sources: Iterable[Node]) -> None:
    """Makes the pairs that follow from those of `sources`, and from these in turn."""
    leading = [evidence for evidence in EVIDENCE.values() if leads_on(evidence)]
    waiting = deque(sources)
    while waiting:
        source = waiting.popleft()
        for evidence in leading:
            waiting.extend(_accepted(state, following_by(evidence, state, source)))


def _accepted(state: State, proposals: Iterable[Proposal]) -> list[Node]:
    """Makes the proposed pairs that can be; returns their sources."""
    found = []
    for one in proposals:
        reasons = tuple(dict.fromkeys((*one.given, one.reason)))
        free = one.source not in state.pairs and one.target not in state.taken
        if free and state.allows(one.source, one.target, reasons):
            state.pair(one.source, Pair(one.target, reasons))
            found.append(one.source)
    return found


def _accept_proposals(state: State) -> bool:
    """Makes the pairs that the strongest evidence with any to propose supports."""
    for evidence in EVIDENCE.values():
        moved = _accepted(state, proposals_by(evidence, state))
        if moved:  # the weaker are asked when the groups were looked at again
            _follow(state, moved)
            return True
    return False
