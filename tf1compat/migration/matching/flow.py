"""Data flow between modules: who feeds whom, and what that says about their order."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Hashable, Mapping, Sequence

__all__ = ["Flow"]


@dataclasses.dataclass(frozen=True, eq=False)
class Flow:
    """The modules of one side with, for each, the modules that feed it directly.

    Attributes:
      producers: for every module its nearest upstream modules; modules with no known flow are left
        out.
    """

    producers: Mapping[int, tuple[int, ...]]

    @functools.cached_property
    def order(self) -> tuple[int, ...] | None:
        """The modules from inputs to outputs, or None where a shared module makes a loop."""
        waiting = {node: len(set(feeds)) for node, feeds in self.producers.items()}
        ready = [node for node, count in waiting.items() if not count]
        done: list[int] = []
        while ready:
            node = ready.pop()
            done.append(node)
            for consumer in self.consumers.get(node, ()):
                waiting[consumer] -= 1
                if not waiting[consumer]:
                    ready.append(consumer)
        return tuple(done) if len(done) == len(self.producers) else None

    @functools.cached_property
    def consumers(self) -> Mapping[int, tuple[int, ...]]:
        """For every module the modules it feeds directly."""
        found: dict[int, list[int]] = {node: [] for node in self.producers}
        for node, feeds in self.producers.items():
            for producer in dict.fromkeys(feeds):
                found[producer].append(node)
        return {node: tuple(nodes) for node, nodes in found.items()}

    @functools.cached_property
    def _upstream(self) -> Mapping[int, int]:
        """For every module the set of all upstream modules, as the bits of an integer."""
        sets: dict[int, int] = {}
        for node in self.order or ():
            bits = 0
            for producer in self.producers[node]:
                bits |= sets[producer] | (1 << producer)
            sets[node] = bits
        return sets

    def chain(self, nodes: Sequence[int]) -> tuple[int, ...] | None:
        """Returns `nodes` from first to last if each feeds the next, directly or not, else None."""
        if self.order is None or any(node not in self.producers for node in nodes):
            return None
        ordered = sorted(nodes, key=lambda node: self._depth[node])
        for before, after in itertools.pairwise(ordered):
            if not self._upstream[after] >> before & 1:
                return None
        return tuple(ordered)

    def contradicts(self, ordered: Sequence[int]) -> bool:
        """Tells whether a module of `ordered` is fed by one that comes after it."""
        if self.order is None or any(node not in self.producers for node in ordered):
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
        return {node: place for place, node in enumerate(self.order or ())}

    @functools.cached_property
    def direct(self) -> Mapping[int, tuple[int, ...]]:
        """Producers without those that also feed another producer.

        Residual connections go: whether a graph adds them before or after a norm, and whether a
        norm is one op or many, then makes no difference.
        """
        if self.order is None:
            return self.producers
        return {
            node: tuple(
                p
                for p in dict.fromkeys(feeds)
                if not any(self._upstream[q] >> p & 1 for q in feeds if q != p)
            )
            for node, feeds in self.producers.items()
        }

    def colours(self, base: Sequence[Hashable], *, radius: int) -> Mapping[int, int]:
        """Returns a colour by module; equal colours have equal surroundings up to `radius` steps.

        Colours of two flows are comparable: they depend on `base`, the modules' own, alone.
        """
        colour = {node: hash(base[node]) for node in self.producers}
        feeds = self.direct
        fed: dict[int, list[int]] = {node: [] for node in feeds}
        for node, producers in feeds.items():
            for producer in producers:
                fed[producer].append(node)
        for _ in range(radius):
            colour = {
                node: hash(
                    (
                        own,
                        tuple(sorted(colour[p] for p in feeds[node])),
                        tuple(sorted(colour[c] for c in fed[node])),
                    )
                )
                for node, own in colour.items()
            }
        return colour
