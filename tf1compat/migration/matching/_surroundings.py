"""What nodes have around them in the flow, kept up to date pair by pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence

from tf1compat.migration.matching._flow import Flow
from tf1compat.migration.matching.nodes import Node

__all__ = ["Surroundings"]


class Surroundings:
    """The direct neighbours of each node of one side, as sums of what they are known by.

    A paired node is known by the source of its pair, any other by what it holds. A pair changes the
    sums of its neighbours only: to follow pairs along a whole network is linear in its edges.
    """

    def __init__(self, flow: Flow, held: Callable[[Node], Hashable]) -> None:
        self._flow, self._held = flow, held
        self._partners: dict[Node, Node] = {}
        self._sums: dict[Node, list[int]] = {}

    def pair(self, node: Node, source: Node) -> None:
        """Makes a node known by the source of its pair."""
        before = self._colour(node)
        self._partners[node] = source
        change = self._colour(node) - before
        for side, near in enumerate((self._consumers(node), self._producers(node))):
            for other in near:
                if other in self._sums:
                    self._sums[other][side] += change

    def alone_beside(self, node: Node, groups: Mapping[Node, object]) -> Mapping[Hashable, Node]:
        """Returns the neighbours of a paired node that nothing else of their group is like.

        Args:
          node: the paired node; whatever has the same surroundings as one of its neighbours is
            one of its neighbours too.
          groups: the group of each node that is still open.

        Returns:
          the neighbours by what tells them apart, which is comparable between two sides.
        """
        found: dict[Hashable, list[Node]] = defaultdict(list)
        for other in dict.fromkeys((*self._producers(node), *self._consumers(node))):
            if other in groups:
                found[id(groups[other]), self._around(other)].append(other)
        return {what: nodes[0] for what, nodes in found.items() if len(nodes) == 1}

    def _around(self, node: Node) -> tuple[int, ...]:
        if node not in self._sums:
            near = self._producers(node), self._consumers(node)
            self._sums[node] = [sum(map(self._colour, nodes)) for nodes in near]
        return tuple(self._sums[node])

    def _colour(self, node: Node) -> int:
        source = self._partners.get(node)
        return hash(("open", self._held(node)) if source is None else ("paired", source.order))

    def _producers(self, node: Node) -> Sequence[Node]:
        return self._flow.direct.get(node, ())

    def _consumers(self, node: Node) -> Sequence[Node]:
        return self._flow.consumers.get(node, ())
