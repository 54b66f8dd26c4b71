"""Evidence from the scope tree: a scope whose other members went into one container."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tf1compat.migration.matching.state import Group, Side, State

__all__ = ["by_absence", "by_containers"]


def by_containers(state: State, group: Group) -> list[Group] | None:
    """Tells apart branches of the scope tree whose matched members tell where they went."""
    if not group.balanced:
        return None
    branches_s, depth_s = _branches(state.source, group.sources)
    branches_t, depth_t = _branches(state.target, group.targets)
    if len(branches_s) < 2 or len(branches_s) != len(branches_t):
        return None
    goes_to = _votes(state, branches_s, depth_s, branches_t, depth_t)
    if goes_to is None:
        return None
    for own, other in goes_to.items():
        if len(branches_s[own]) != len(branches_t[other]):
            return None
    return [
        group.part(
            branches_s[own],
            branches_t[other],
            kind="containers",
            why=f"the rest of {own} went into {other}",
        )
        for own, other in goes_to.items()
    ]


def by_absence(state: State, group: Group) -> list[Group] | None:
    """Leaves out the surplus sources, if they are those of scopes that the model doesn't have.

    An auxiliary head is such a scope: something in it has no counterpart, and without its members
    there are as many sources as targets.
    """
    if len(group.sources) <= len(group.targets):
        return None
    branches, _ = _branches(state.source, group.sources)
    staying = [
        node
        for branch, nodes in branches.items()
        if branch not in state.source.absent
        for node in nodes
    ]
    if len(staying) != len(group.targets):
        return None
    gone = ", ".join(branch for branch in branches if branch in state.source.absent)
    why = f"{gone} holds what the model doesn't have"
    return [group.part(staying, group.targets, kind="absence", why=why)]


def _levels(side: Side, node: int) -> list[str]:
    return side.places[node].path.split("/")


def _branches(side: Side, nodes: Sequence[int]) -> tuple[dict[str, list[int]], int]:
    """Returns the nodes by the first level at which their paths differ, and that depth."""
    paths = {node: _levels(side, node) for node in nodes}
    depth = 0
    while len({tuple(path[: depth + 1]) for path in paths.values()}) == 1 and depth < min(
        len(path) for path in paths.values()
    ):
        depth += 1
    found: dict[str, list[int]] = defaultdict(list)
    for node, path in paths.items():
        found["/".join(path[: depth + 1])].append(node)
    return found, depth + 1


def _votes(
    state: State,
    branches_s: dict[str, list[int]],
    depth_s: int,
    branches_t: dict[str, list[int]],
    depth_t: int,
) -> dict[str, str] | None:
    votes: dict[str, set[str]] = defaultdict(set)
    for source, pair in state.pairs.items():
        own = "/".join(_levels(state.source, source)[:depth_s])
        if own in branches_s:
            votes[own].add("/".join(_levels(state.target, pair.target)[:depth_t]))
    if len(votes) < len(branches_s) - 1 or any(len(v) != 1 for v in votes.values()):
        return None
    goes_to = {own: next(iter(v)) for own, v in votes.items()}
    if len(set(goes_to.values())) != len(goes_to) or not set(goes_to.values()) <= set(branches_t):
        return None
    for own in branches_s.keys() - goes_to.keys():  # at most one: it has what is left
        goes_to[own] = next(iter(branches_t.keys() - set(goes_to.values())))
    return goes_to
