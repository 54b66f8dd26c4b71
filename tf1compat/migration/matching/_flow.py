"""Data flow between nodes: who feeds whom, and what that says about their order."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Hashable, Mapping, Sequence

from tf1compat.migration.matching.nodes import Node, nodes_of_items

__all__ = ["Flow", "flow_between"]

Edges = Mapping[Node, tuple[Node, ...]]


def flow_between(
    nodes: Sequence[Node], producers: Mapping[str, Sequence[str]] | None
) -> Flow | None:
    """Returns the flow between nodes that the flow between their items amounts to.

    Args:
      nodes: the nodes of one side.
      producers: for an item's path, the paths of the items that feed it; None where unknown.
    """
    if producers is None:
        return None
    node_of = nodes_of_items(nodes)
    feeds: dict[Node, dict[Node, None]] = {}
    for path, feeding in producers.items():
        if path in node_of:
            found = feeds.setdefault(node_of[path], {})
            found.update((node_of[p], None) for p in feeding if p in node_of)
    for node, found in list(feeds.items()):
        found.pop(node, None)
        for producer in found:
            feeds.setdefault(producer, {})
    return Flow({node: tuple(found) for node, found in feeds.items()})


@dataclasses.dataclass(frozen=True, eq=False)
class Flow:
    """The nodes of one side with, for each, the nodes that feed it directly.

    A node that is used again further down (a tied table, a shared layer, a loop) is taken where
    it is used first: the edges that lead back are left out.

    Attributes:
      producers: for every node its nearest upstream nodes, in the order of the graph; nodes with
        no known flow are left out.
    """

    producers: Edges

    @functools.cached_property
    def _forward(self) -> tuple[Edges, tuple[Node, ...]]:
        """Consumers of every node without the edges that lead back, and an order that fits."""
        fed: dict[Node, list[Node]] = {node: [] for node in self.producers}
        for node, feeds in self.producers.items():
            for producer in dict.fromkeys(feeds):
                fed[producer].append(node)
        kept: dict[Node, list[Node]] = {node: [] for node in fed}
        finished: list[Node] = []
        state = dict.fromkeys(fed, 0)
        roots = sorted(fed, key=lambda node: bool(self.producers[node]))
        for root in roots:
            stack = [(root, iter(fed[root]))] if not state[root] else []
            state[root] = state[root] or 1
            while stack:
                node, consumers = stack[-1]
                consumer = next(consumers, None)
                if consumer is None:
                    state[node] = 2
                    finished.append(node)
                    stack.pop()
                elif state[consumer] != 1:
                    kept[node].append(consumer)
                    if not state[consumer]:
                        state[consumer] = 1
                        stack.append((consumer, iter(fed[consumer])))
        return {node: tuple(out) for node, out in kept.items()}, tuple(reversed(finished))

    @property
    def order(self) -> tuple[Node, ...]:
        """The nodes from inputs to outputs."""
        return self._forward[1]

    @functools.cached_property
    def _feeds(self) -> Edges:
        """Producers of every node without the edges that lead back."""
        found: dict[Node, list[Node]] = {node: [] for node in self.producers}
        for node, consumers in self._forward[0].items():
            for consumer in consumers:
                found[consumer].append(node)
        return {node: tuple(feeds) for node, feeds in found.items()}

    @functools.cached_property
    def _upstream(self) -> Mapping[Node, int]:
        """For every node the set of all upstream nodes, as bits of an integer by their order."""
        sets: dict[Node, int] = {}
        for node in self.order:
            bits = 0
            for producer in self._feeds[node]:
                bits |= sets[producer] | (1 << producer.order)
            sets[node] = bits
        return sets

    def chain(self, nodes: Sequence[Node]) -> tuple[Node, ...] | None:
        """Returns `nodes` from first to last if each feeds the next, directly or not, else None."""
        if any(node not in self.producers for node in nodes):
            return None
        ordered = sorted(nodes, key=self._depth.__getitem__)
        for before, after in itertools.pairwise(ordered):
            if not self._upstream[after] >> before.order & 1:
                return None
        return tuple(ordered)

    def stages(self, nodes: Sequence[Node]) -> list[list[Node]] | None:
        """Returns `nodes` in stages: all of a stage feed all of every later one.

        A chain has a node a stage; branches that don't feed each other share one. None where the
        flow of one isn't known.
        """
        if any(node not in self.producers for node in nodes):
            return None
        ordered = sorted(nodes, key=self._depth.__getitem__)
        after = [-1] * len(ordered)  # what is upstream of all that come later
        for place in reversed(range(len(ordered) - 1)):
            after[place] = after[place + 1] & self._upstream[ordered[place + 1]]
        found: list[list[Node]] = [[]]
        before = 0
        for node, common in zip(ordered, after, strict=True):
            found[-1].append(node)
            before |= 1 << node.order
            if before & common == before:
                found.append([])
        return found[:-1]

    def leads(self, node: Node, other: Node) -> bool:
        """Tells whether a node feeds another, directly or not; False where no flow is known."""
        return bool(self._upstream.get(other, 0) >> node.order & 1)

    def contradicts(self, ordered: Sequence[Node]) -> bool:
        """Tells whether a node of `ordered` is fed by one that comes after it."""
        if any(node not in self.producers for node in ordered):
            return False
        depths = [self._depth[node] for node in ordered]
        if depths == sorted(depths):
            return False
        later = 0
        for node in reversed(ordered):
            if self._upstream[node] & later:
                return True
            later |= 1 << node.order
        return False

    @functools.cached_property
    def _depth(self) -> Mapping[Node, int]:
        return {node: place for place, node in enumerate(self.order)}

    @functools.cached_property
    def direct(self) -> Edges:
        """Producers without those that also feed another producer.

        Residual connections go: whether a graph adds them before or after a norm, and whether a
        norm is one op or many, then makes no difference.
        """
        found: dict[Node, tuple[Node, ...]] = {}
        for node, feeds in self._feeds.items():
            further = 0  # what feeds any of them; none feeds itself, as no edge leads back
            for producer in feeds:
                further |= self._upstream[producer]
            found[node] = tuple(one for one in feeds if not further >> one.order & 1)
        return found

    @functools.cached_property
    def consumers(self) -> Edges:
        """For every node the nodes it feeds directly, the inverse of :attr:`direct`."""
        found: dict[Node, list[Node]] = {node: [] for node in self.direct}
        for node, feeds in self.direct.items():
            for producer in feeds:
                found[producer].append(node)
        return {node: tuple(nodes) for node, nodes in found.items()}

    def colours(self, known_by: Callable[[Node], Hashable], radius: int) -> Mapping[Node, int]:
        """Returns a colour by node; equal colours have equal surroundings up to `radius` steps.

        Colours of two flows are comparable: they depend on what nodes are `known_by` alone.
        """
        colour = {node: hash(known_by(node)) for node in self.producers}
        for _ in range(radius):
            colour = {
                node: hash(
                    (
                        own,
                        tuple(sorted(colour[p] for p in self.direct[node])),
                        tuple(sorted(colour[c] for c in self.consumers[node])),
                    )
                )
                for node, own in colour.items()
            }
        return colour
