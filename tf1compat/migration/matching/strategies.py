"""Evidence within a group of equals: each strategy splits a group further, or doesn't.

A strategy takes the state and a group and returns the parts it can tell apart, each with the
reason, or None. To add a kind of evidence, write a function and put it into `STRATEGIES`, the
strongest first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from tf1compat.migration.matching.containers import by_containers
from tf1compat.migration.matching.families import by_names
from tf1compat.migration.matching.nesting import in_same_nesting
from tf1compat.migration.matching.places import totally_ordered
from tf1compat.migration.matching.state import Group, Side, State

__all__ = ["STRATEGIES"]

Strategy = Callable[[State, Group], "list[Group] | None"]


def by_flow(state: State, group: Group) -> list[Group] | None:
    """Tells apart modules that stand at different places of the data flow on both sides."""
    if state.source.flow is None or state.target.flow is None:
        return None
    sources = _by_colour(state.source, group.sources)
    targets = _by_colour(state.target, group.targets)
    if sources is None or targets is None or len(sources) < 2:
        return None
    if {c: len(nodes) for c, nodes in sources.items()} != {
        c: len(nodes) for c, nodes in targets.items()
    }:
        return None
    why = "same place in the data flow of both graphs"
    return [group.part(sources[c], targets[c], kind="flow", why=why) for c in sources]


def _by_colour(side: Side, nodes: Sequence[int]) -> dict[int, list[int]] | None:
    flow = side.flow
    if flow is None:
        return None
    colours: Mapping[int, int] = flow.colours(side.signatures)
    found: dict[int, list[int]] = defaultdict(list)
    for node in nodes:
        if node not in colours:
            return None
        found[colours[node]].append(node)
    return found


def by_numbers(state: State, group: Group) -> list[Group] | None:
    """Lines up two numbered runs of equal length."""
    if not group.balanced:
        return None
    sources = _numbered(state.source, group.sources)
    if sources is None:
        return None
    targets = _numbered(state.target, group.targets)
    kind, why = "numbers", f"same rank among {len(sources)} numbered alike"
    if targets is not None:
        flow = state.target.flow
        if flow is not None and flow.contradicts(targets):
            return None
        order = in_same_nesting(
            [state.source.places[s] for s in sources], [state.target.places[t] for t in targets]
        )
        if order is not None and order != sorted(order):
            kind, why = "labels", "same numbers after the same words"
        targets = None if order is None else tuple(targets[i] for i in order)
    elif state.target.flow is not None:
        targets = state.target.flow.chain(group.targets)
        why = f"same rank among {len(sources)} numbered sources and targets in a row"
    if targets is None:
        return None
    pairs = list(zip(sources, targets, strict=True))
    if any(state.chain_pair(s, t) in state.distrusted or not state.fits(s, t) for s, t in pairs):
        return None
    return [group.part([s], [t], kind=kind, why=why) for s, t in pairs]


def _numbered(side: Side, nodes: Sequence[int]) -> tuple[int, ...] | None:
    ordered = tuple(sorted(nodes, key=lambda node: side.places[node].levels))
    return ordered if totally_ordered([side.places[node] for node in ordered]) else None


STRATEGIES: tuple[Strategy, ...] = (by_flow, by_names, by_containers, by_numbers)
