"""Pairs sources with targets as far as evidence goes, and says where it ends.

The solver groups both sides by what they hold, pairs what is alone in its group, and then lets
every kind of evidence split the groups that are left, again and again, until nothing moves. It
never picks among equals: what no evidence tells apart is returned as ties.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping

from tf1compat.migration.matching.evidence.propagate import (
    by_neighbours,
    by_owner,
    disordered_chains,
    owners,
)
from tf1compat.migration.matching.evidence.strategies import STRATEGIES
from tf1compat.migration.matching.state import ORDER_KINDS, Group, Pair, Side, State

__all__ = ["Solution", "Tie", "solve"]


@dataclasses.dataclass(frozen=True)
class Tie:
    """Sources and targets that nothing tells apart.

    Attributes:
      sources: paths of the sources; every one could go to any of the targets.
      targets: paths of the targets.
      evidence: what is known of them all, and what is missing.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    evidence: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Solution:
    """Pairs by source, and the groups of equals that are left."""

    pairs: Mapping[int, Pair]
    groups: tuple[Group, ...]


def solve(
    source: Side,
    target: Side,
    *,
    fits: Callable[[int, int], bool],
    known: Mapping[int, Pair],
) -> Solution:
    """Returns what evidence pairs; `known` are pairs made before, which count as evidence.

    Pairs made because of numbering are taken back, and that numbering not trusted any more, where
    other pairs show that the two sides number differently.
    """
    if len(known) in (len(source.signatures), len(target.signatures)):
        return Solution(known, ())
    distrusted: set = set()
    while True:
        state = State(source, target, fits, distrusted=set(distrusted))
        for node, pair in known.items():
            _pair(state, node, pair)
        state.groups = _initial_groups(state)
        _exhaust(state)
        wrong = {c for c in disordered_chains(state) if c not in distrusted}
        if not any(_relies_on(state, chains) for chains in wrong):
            return Solution(state.pairs, tuple(state.groups))
        distrusted |= wrong


def _relies_on(state: State, chains: tuple) -> bool:
    return any(
        pair.kinds & ORDER_KINDS and state.chain_pair(source, pair.target) == chains
        for source, pair in state.pairs.items()
    )


def _initial_groups(state: State) -> list[Group]:
    sources: dict[Hashable, list[int]] = defaultdict(list)
    targets: dict[Hashable, list[int]] = defaultdict(list)
    for node, signature in enumerate(state.source.signatures):
        if node not in state.pairs:
            sources[signature].append(node)
    for node, signature in enumerate(state.target.signatures):
        if node not in state.taken:
            targets[signature].append(node)
    return [
        part
        for signature in sources
        if signature in targets
        for part in _fitting(state, sources[signature], targets[signature])
    ]


def _fitting(state: State, sources: list[int], targets: list[int]) -> list[Group]:
    """Splits a group by which shapes fit which, judging by one module of each shape."""
    shapes_s, shapes_t = _by_shape(state.source, sources), _by_shape(state.target, targets)
    parts: list[tuple[list[int], list[int]]] = []
    left = dict(shapes_t)
    for nodes in shapes_s.values():
        fit = [key for key in left if state.fits(nodes[0], left[key][0])]
        joined = (list(nodes), [t for key in fit for t in left.pop(key)])
        for part in [p for p in parts if any(state.fits(nodes[0], t) for t in p[1])]:
            parts.remove(part)
            joined = (part[0] + joined[0], part[1] + joined[1])
        parts.append(joined)
    return [Group(tuple(sorted(s)), tuple(sorted(t))) for s, t in parts if s and t]


def _by_shape(side: Side, nodes: list[int]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for node in nodes:
        found[side.shapes[node]].append(node)
    return found


def _pair(state: State, source: int, pair: Pair) -> None:
    state.pairs[source] = pair
    state.taken[pair.target] = source


def _exhaust(state: State) -> None:
    own_s, own_t = owners(state.source), owners(state.target)
    moved = True
    while moved:
        moved = _split_groups(state)
        for propagate in (
            lambda: by_owner(state, own_s, own_t),
            lambda: by_neighbours(state, state.groups),
        ):
            found = list(propagate())
            for source, target, kind, why in found:
                if _can_pair(state, source, target):
                    _pair(state, source, Pair(target, (why,), frozenset({kind})))
                    moved = True
            if found:
                break  # the stronger evidence first


def _can_pair(state: State, source: int, target: int) -> bool:
    open_ = source not in state.pairs and target not in state.taken
    return open_ and state.fits(source, target)


def _split_groups(state: State) -> bool:
    moved, groups, waiting = False, [], list(state.groups)
    while waiting:
        group = _open_part(state, waiting.pop())
        if not group.sources or not group.targets:
            continue
        if len(group.sources) == len(group.targets) == 1 and _alone(state, group):
            moved = True
            continue
        parts = next(filter(None, (strategy(state, group) for strategy in STRATEGIES)), None)
        if parts:
            waiting.extend(parts)
            moved = True
        else:
            groups.append(group)
    state.groups = groups
    return moved


def _open_part(state: State, group: Group) -> Group:
    sources = tuple(s for s in group.sources if s not in state.pairs)
    targets = tuple(t for t in group.targets if t not in state.taken)
    return dataclasses.replace(group, sources=sources, targets=targets)


def _alone(state: State, group: Group) -> bool:
    source, target = group.sources[0], group.targets[0]
    if not state.fits(source, target):
        return False
    evidence = group.evidence or ("nothing else of these roles and shapes on either side",)
    _pair(state, source, Pair(target, evidence, group.kinds))
    return True
