"""Data flow between modules: who feeds whom, and what that says about their order."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Hashable, Mapping, Sequence

__all__ = ["Flow"]

Edges = Mapping[int, tuple[int, ...]]


@dataclasses.dataclass(frozen=True, eq=False)
class Flow:
    """The modules of one side with, for each, the modules that feed it directly.

    A module that is used again further down (a tied table, a shared layer, a loop) is taken where
    it is used first: the edges that lead back are left out.

    Attributes:
      producers: for every module its nearest upstream modules, in the order of the graph; modules
        with no known flow are left out.
    """

    producers: Edges

    @functools.cached_property
    def _forward(self) -> tuple[Edges, tuple[int, ...]]:
        """Consumers of every module without the edges that lead back, and an order that fits."""
        fed: dict[int, list[int]] = {node: [] for node in self.producers}
        for node, feeds in self.producers.items():
            for producer in dict.fromkeys(feeds):
                fed[producer].append(node)
        kept: dict[int, list[int]] = {node: [] for node in fed}
        finished: list[int] = []
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
    def order(self) -> tuple[int, ...]:
        """The modules from inputs to outputs."""
        return self._forward[1]

    @functools.cached_property
    def _feeds(self) -> Edges:
        """Producers of every module without the edges that lead back."""
        found: dict[int, list[int]] = {node: [] for node in self.producers}
        for node, consumers in self._forward[0].items():
            for consumer in consumers:
                found[consumer].append(node)
        return {node: tuple(feeds) for node, feeds in found.items()}

    @functools.cached_property
    def _upstream(self) -> Mapping[int, int]:
        """For every module the set of all upstream modules, as the bits of an integer."""
        sets: dict[int, int] = {}
        for node in self.order:
            bits = 0
            for producer in self._feeds[node]:
                bits |= sets[producer] | (1 << producer)
            sets[node] = bits
        return sets

    def chain(self, nodes: Sequence[int]) -> tuple[int, ...] | None:
        """Returns `nodes` from first to last if each feeds the next, directly or not, else None."""
        if any(node not in self.producers for node in nodes):
            return None
        ordered = sorted(nodes, key=lambda node: self._depth[node])
        for before, after in itertools.pairwise(ordered):
            if not self._upstream[after] >> before & 1:
                return None
        return tuple(ordered)

    def contradicts(self, ordered: Sequence[int]) -> bool:
        """Tells whether a module of `ordered` is fed by one that comes after it."""
        if any(node not in self.producers for node in ordered):
            return False
        depths = [self._depth[node] for node in ordered]
        if depths == sorted(depths):
            return False
        later = 0
        for node in reversed(ordered):
            if self._upstream[node] & later:
                return True
            later |= 1 << node
        return False

    @functools.cached_property
    def _depth(self) -> Mapping[int, int]:
        return {node: place for place, node in enumerate(self.order)}

    @functools.cached_property
    def direct(self) -> Edges:
        """Producers without those that also feed another producer.

        Residual connections go: whether a graph adds them before or after a norm, and whether a
        norm is one op or many, then makes no difference.
        """
        return {
            node: tuple(
                p for p in feeds if not any(self._upstream[q] >> p & 1 for q in feeds if q != p)
            )
            for node, feeds in self._feeds.items()
        }

    @functools.cached_property
    def consumers(self) -> Edges:
        """For every module the modules it feeds directly, the inverse of :attr:`direct`."""
        found: dict[int, list[int]] = {node: [] for node in self.direct}
        for node, feeds in self.direct.items():
            for producer in feeds:
                found[producer].append(node)
        return {node: tuple(nodes) for node, nodes in found.items()}

    def colours(self, base: Sequence[Hashable], *, radius: int) -> Mapping[int, int]:
        """Returns a colour by module; equal colours have equal surroundings up to `radius` steps.

        Colours of two flows are comparable: they depend on `base`, the modules' own, alone.
        """
        colour = {node: hash(base[node]) for node in self.producers}
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
