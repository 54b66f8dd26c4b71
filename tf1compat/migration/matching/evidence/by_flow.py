"""Evidence from the data flow of both graphs: surroundings that are alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence

from tf1compat.migration.matching.evidence.base import Evidence, Proposal
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.state import EvidenceKind, Group, State

__all__ = ["ByFlow"]

_FLOW = EvidenceKind(
    "flow", "same neighbours in the data flow of both graphs", overrules_names=True
)
_FLOW_REST = EvidenceKind(
    "flow_rest", "the others are told apart by their neighbours in the data flow"
)
_RADII = (1, 2, 3)

Coloured = Mapping[Hashable, Sequence[Node]]


class ByFlow(Evidence):
    """Tells apart nodes whose surroundings in the data flow differ in the same way on each side."""

    name = "flow"
    kinds = (_FLOW, _FLOW_REST)
    leaves_out = True

    def within(self, state: State, group: Group) -> list[Group] | None:
        for radius in _RADII:
            colours = state.colours(radius)
            if colours is None:
                return None
            sources = _by_colour(colours[0], group.sources, unknown="source")
            targets = _by_colour(colours[1], group.targets, unknown="target")
            found = _parts(state, group, sources, targets)
            if len(found) > 1:
                return found
        return None

    def following(self, state: State, source: Node) -> Iterator[Proposal]:
        if state.surroundings is None:
            return
        of_s, of_t = state.surroundings
        ours = of_s.alone_beside(source, state.group_of)
        others = of_t.alone_beside(state.pairs[source].target, state.group_of)
        for place, one in ours.items():
            if place in others:
                given = state.group_of[one].evidence
                yield Proposal(one, others[place], _FLOW.because(), given)


def _by_colour(
    colours: Mapping[Node, int], nodes: Sequence[Node], *, unknown: str
) -> dict[Hashable, list[Node]]:
    """Returns the nodes by colour; those whose surroundings aren't known by `unknown`."""
    found: dict[Hashable, list[Node]] = defaultdict(list)
    for node in nodes:
        found[colours.get(node, unknown)].append(node)
    return found


def _parts(state: State, group: Group, sources: Coloured, targets: Coloured) -> list[Group]:
    """Returns the parts whose surroundings are equal, and one of all the others if there are any.

    Where not all of the group has a counterpart, only those count that have a neighbour which is
    paired already: without one, surroundings are alike all too easily.
    """
    counts_s = {colour: len(nodes) for colour, nodes in sources.items()}
    counts_t = {colour: len(nodes) for colour, nodes in targets.items()}
    same = [c for c, count in counts_s.items() if counts_t.get(c) == count]
    if counts_s != counts_t:
        same = [c for c in same if all(state.anchored(node) for node in sources[c])]
    parts = [group.part(sources[c], targets[c], _FLOW.because()) for c in same]
    rest_s = [node for c, nodes in sources.items() if c not in same for node in nodes]
    rest_t = [node for c, nodes in targets.items() if c not in same for node in nodes]
    if parts and rest_s and rest_t:
        parts.append(group.part(rest_s, rest_t, _FLOW_REST.because()))
    return parts
