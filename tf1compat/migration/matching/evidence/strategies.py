"""Evidence within a group of equals: each strategy splits a group further, or doesn't.

A strategy takes the state and a group and returns the parts it can tell apart, each with the
reason, or None. To add a kind of evidence, write a function and put it into `STRATEGIES`, the
strongest first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence

from tf1compat.migration.matching.evidence._containers import by_absence, by_containers
from tf1compat.migration.matching.evidence._names import by_names
from tf1compat.migration.matching.evidence._nesting import in_same_nesting, varying_numbers
from tf1compat.migration.matching.places import totally_ordered
from tf1compat.migration.matching.state import Group, Side, State

__all__ = ["STRATEGIES"]

Strategy = Callable[[State, Group], "list[Group] | None"]


def by_flow(state: State, group: Group) -> list[Group] | None:
    """Tells apart modules whose surroundings in the data flow differ in the same way on each side.

    A paired neighbour counts as itself, any other by its roles and sizes.
    """
    if state.source.flow is None or state.target.flow is None:
        return None
    for radius in _RADII:
        colours_s, colours_t = state.colours(radius)
        sources = _by_colour(colours_s, group.sources, unknown="source")
        targets = _by_colour(colours_t, group.targets, unknown="target")
        found = _split_by_colour(state, group, sources, targets)
        if len(found) > 1:
            return found
    return None


def _split_by_colour(
    state: State,
    group: Group,
    sources: Mapping[Hashable, Sequence[int]],
    targets: Mapping[Hashable, Sequence[int]],
) -> list[Group]:
    """Returns the parts whose surroundings are equal, and one of all the others if there are any.

    Where not all of the group has a counterpart, only those count that have a neighbour which is
    paired already: without one, surroundings are alike all too easily.
    """
    counts_s = {colour: len(nodes) for colour, nodes in sources.items()}
    counts_t = {colour: len(nodes) for colour, nodes in targets.items()}
    same = [c for c, count in counts_s.items() if counts_t.get(c) == count]
    if counts_s != counts_t:
        same = [c for c in same if all(state.anchored(node) for node in sources[c])]
    why = "same neighbours in the data flow of both graphs"
    parts = [group.part(sources[c], targets[c], kind="flow", why=why) for c in same]
    rest_s = [node for c, nodes in sources.items() if c not in same for node in nodes]
    rest_t = [node for c, nodes in targets.items() if c not in same for node in nodes]
    if parts and rest_s and rest_t:
        why = "the others are told apart by their neighbours in the data flow"
        parts.append(group.part(rest_s, rest_t, kind="flow", why=why))
    return parts if len(parts) > 1 or not (rest_s or rest_t) else []


def _by_colour(
    colours: Mapping[int, int], nodes: Sequence[int], *, unknown: str
) -> dict[Hashable, list[int]]:
    """Returns the nodes by colour; those whose surroundings aren't known by `unknown`."""
    found: dict[Hashable, list[int]] = defaultdict(list)
    for node in nodes:
        found[colours.get(node, unknown)].append(node)
    return found


def by_order(state: State, group: Group) -> list[Group] | None:
    """Lines up two runs of equal length, each ordered by numbers or by the data flow."""
    if not group.balanced:
        return None
    numbered_s = _numbered(state.source, group.sources)
    numbered_t = _numbered(state.target, group.targets)
    sources = numbered_s or _in_a_row(state.source, group.sources)
    targets = numbered_t or _in_a_row(state.target, group.targets)
    if sources is None or targets is None or any(map(state.counts_otherwise, sources)):
        return None
    kind, why = "numbers", f"same rank among {len(sources)} in order"
    if numbered_s and numbered_t:
        order = in_same_nesting(
            [state.source.places[s] for s in sources], [state.target.places[t] for t in targets]
        )
        if order is None or _flattened(state, sources, targets):
            return None
        if order != sorted(order):
            kind, why = "labels", "same numbers after the same words"
        targets = tuple(targets[i] for i in order)
    pairs = list(zip(sources, targets, strict=True))
    if any(state.chain_pair(s, t) in state.distrusted or not state.fits(s, t) for s, t in pairs):
        return None
    return [group.part([s], [t], kind=kind, why=why) for s, t in pairs]


def _flattened(state: State, sources: Sequence[int], targets: Sequence[int]) -> bool:
    """Tells whether one number on one side faces several on the other, in doubtful order.

    ``left1_0, left1_1, left2_0`` may count cells of sides or sides of cells; only where the targets
    were created in that order too is it taken for theirs.
    """
    varying = [
        len(varying_numbers([side.places[node] for node in nodes]) or ())
        for side, nodes in ((state.source, sources), (state.target, targets))
    ]
    return min(varying) == 1 < varying[1] and list(targets) != sorted(targets)


def _numbered(side: Side, nodes: Sequence[int]) -> tuple[int, ...] | None:
    """Returns the nodes by their numbers, where all have an order and the flow agrees with it."""
    ordered = tuple(sorted(nodes, key=lambda node: side.places[node].levels))
    if not totally_ordered([side.places[node] for node in ordered]):
        return None
    return None if side.flow is not None and side.flow.contradicts(ordered) else ordered


def _in_a_row(side: Side, nodes: Sequence[int]) -> tuple[int, ...] | None:
    """Returns the nodes along the data flow, where they stand in a row and numbers don't object."""
    if side.flow is None or totally_ordered(
        sorted((side.places[node] for node in nodes), key=lambda place: place.levels)
    ):
        return None
    return side.flow.chain(nodes)


_RADII = (1, 2, 3)

STRATEGIES: tuple[Strategy, ...] = (by_flow, by_names, by_containers, by_order, by_absence)
