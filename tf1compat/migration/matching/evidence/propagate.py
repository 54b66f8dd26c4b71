"""Evidence across groups: what pairs already made say about modules still open."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from tf1compat.migration.matching.state import ChainPair, Group, Side, State

__all__ = ["by_neighbours", "by_owner", "disordered_chains", "owners"]

Found = Iterator[tuple[int, int, str, str]]  # source, target, kind, why

_WIDE = 4096  # pairs within a group that are tried one by one
_ANCHORS = 2  # pairs that have to agree on the order of two chains before it counts


def owners(side: Side) -> dict[int, int]:
    """Returns, for modules without a kernel, the module with a kernel that they normalize.

    Where the scope is nested (``conv1/BatchNorm`` in ``conv1``), it is the enclosing module; where
    the data flow is known, the only module that feeds it.
    """
    by_path = {place.path: node for node, place in enumerate(side.places)}
    found: dict[int, int] = {}
    for node, place in enumerate(side.places):
        if side.carries[node]:
            continue
        owner = _enclosing(place.path, by_path)
        if owner is None and side.flow is not None:
            owner = _only(side.flow.direct.get(node, ()))
        if owner is not None and side.carries[owner]:
            found[node] = owner
    return found


def _only(nodes: Sequence[int]) -> int | None:
    distinct = set(nodes)
    return distinct.pop() if len(distinct) == 1 else None


def _enclosing(path: str, by_path: Mapping[str, int]) -> int | None:
    while "/" in path:
        path = path.rpartition("/")[0]
        if path in by_path:
            return by_path[path]
    return None


def by_owner(state: State, own_s: Mapping[int, int], own_t: Mapping[int, int]) -> Found:
    """Pairs a norm with the norm of its conv's target, and a conv with the conv of its norm's."""
    wanted: dict[tuple[int, object], list[int]] = defaultdict(list)
    for target, owner in own_t.items():
        if target not in state.taken:
            wanted[owner, state.target.signatures[target]].append(target)
    asking: dict[tuple[int, object], list[int]] = defaultdict(list)
    for source, owner in own_s.items():
        if source not in state.pairs and owner in state.pairs:
            key = (state.pairs[owner].target, state.source.signatures[source])
            asking[key].append(source)
    for key, sources in asking.items():
        targets = wanted.get(key, [])
        if len(sources) == len(targets) == 1:
            why = f"it follows {state.target.places[key[0]].path}, as in the source"
            yield sources[0], targets[0], "owner", why
    for source, owner in own_s.items():
        if source in state.pairs and owner not in state.pairs:
            carrier = own_t.get(state.pairs[source].target)
            if carrier is not None and _same(state, owner, carrier):
                why = f"{state.target.places[state.pairs[source].target].path} follows it"
                yield owner, carrier, "owner", why


def _same(state: State, source: int, target: int) -> bool:
    return state.source.signatures[source] == state.target.signatures[target]


def disordered_chains(state: State) -> set[ChainPair]:
    """Returns the pairs of chains whose pairs, in the source's order, jump back and forth."""
    return {
        chains
        for chains, anchors in state.anchors().items()
        if any(a[1] >= b[1] for a, b in pairwise(anchors))
    }


def by_neighbours(state: State, groups: Sequence[Group]) -> Found:
    """Pairs numbered modules whose neighbours of the same numbering leave them one place."""
    anchors = {
        chains: found
        for chains, found in state.anchors().items()
        if len(found) >= _ANCHORS and chains not in state.distrusted
    }
    ordered = {c for c, found in anchors.items() if all(a[1] < b[1] for a, b in pairwise(found))}
    for group in groups:
        if len(group.sources) * len(group.targets) > _WIDE:
            continue
        yield from _single(state, group, {c: anchors[c] for c in ordered})


def _single(state: State, group: Group, anchors: Mapping[ChainPair, Sequence]) -> Found:
    options = {
        source: [t for t in group.targets if _possible(state, source, t, anchors)]
        for source in group.sources
    }
    askers: dict[int, list[int]] = defaultdict(list)
    for source, targets in options.items():
        for target in targets:
            askers[target].append(source)
    for source, targets in options.items():
        for target in targets:
            alone_s = len(targets) == 1 and (group.balanced or len(askers[target]) == 1)
            alone_t = len(askers[target]) == 1 and group.balanced
            if (alone_s or alone_t) and state.fits(source, target):
                why = "the only place between its numbered neighbours"
                if state.chain_pair(source, target) not in anchors:
                    why = "every other place goes to numbered neighbours"
                yield source, target, "neighbours", why
                return  # one at a time: the next look sees this pair


def _possible(
    state: State, source: int, target: int, anchors: Mapping[ChainPair, Sequence]
) -> bool:
    if not state.fits(source, target):
        return False
    found = anchors.get(state.chain_pair(source, target))
    if found is None:
        return True
    numbers_s = state.source.places[source].numbers
    numbers_t = state.target.places[target].numbers
    at = bisect_left(found, (numbers_s,))
    above = at == len(found) or numbers_t < found[at][1]
    return above and (at == 0 or found[at - 1][1] < numbers_t)
