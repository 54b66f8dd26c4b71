"""Where branches between nodes come together: who is added to whom, and who stands before whom."""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from tf1compat.checkpoint.meta.branch_joins import Join
from tf1compat.migration.matching.nodes import Node, nodes_of_items

__all__ = ["Joins"]

_WIDE = 64  # nodes in one part: all that a residual stream has gathered says little, and takes long

Parts = tuple[frozenset[Node], ...]


class Joins:
    """What is added up and what is put side by side, of the nodes of one side.

    A node within several parts of a join stands on no side of it.
    """

    def __init__(self, nodes: Sequence[Node], joins: Sequence[Join]) -> None:
        self._nodes = nodes
        self._joins = joins

    @functools.cached_property
    def mates(self) -> Mapping[Node, frozenset[Node]]:
        """For each node those with which it is added up."""
        found: dict[Node, set[Node]] = defaultdict(set)
        for parts in self._parts(ordered=False):
            for one, other in itertools.combinations(parts, 2):
                for a, b in itertools.product(one - other, other - one):
                    found[a].add(b)
                    found[b].add(a)
        return {node: frozenset(mates) for node, mates in found.items()}

    def in_order(self, nodes: Sequence[Node]) -> tuple[Node, ...] | None:
        """Returns the nodes as what they made stands side by side; None where it doesn't."""
        among = set(nodes)
        if self._behind.keys().isdisjoint(among):  # as of most
            return None
        behind = {node: self._behind.get(node, frozenset()) & among for node in nodes}
        ordered = sorted(nodes, key=lambda node: -len(behind[node]))
        wanted = range(len(nodes) - 1, -1, -1)
        return tuple(ordered) if [len(behind[node]) for node in ordered] == [*wanted] else None

    def before(self, one: Node, other: Node, leads: Callable[[Node, Node], bool]) -> bool:
        """Tells whether the branch that `one` is in is put side by side before that of `other`.

        Args:
          one: a node, anywhere within its branch.
          other: another.
          leads: tells whether the first of two nodes leads to the second.
        """
        for parts in self._parts(ordered=True):
            places, others = (_places(node, parts, leads) for node in (one, other))
            if len(places) == len(others) == 1 and places != others:
                return places < others
        return False

    @functools.cached_property
    def _behind(self) -> Mapping[Node, frozenset[Node]]:
        """For each node those that stand behind it wherever both do."""
        found: dict[Node, set[Node]] = defaultdict(set)
        for parts in self._parts(ordered=True):
            for one, other in itertools.combinations(parts, 2):
                for node in one - other:
                    found[node] |= other - one
        return {
            node: frozenset(other for other in others if node not in found.get(other, ()))
            for node, others in found.items()
        }

    def _parts(self, *, ordered: bool) -> Iterator[Parts]:
        node_of = nodes_of_items(self._nodes)
        for join in self._joins:
            if join.ordered == ordered:
                parts = tuple(
                    frozenset(node_of[path] for path in part if path in node_of)
                    for part in join.parts
                )
                if all(len(part) <= _WIDE for part in parts):
                    yield parts


def _places(node: Node, parts: Parts, leads: Callable[[Node, Node], bool]) -> list[int]:
    """Returns which parts a node is in or leads to."""
    return [
        place
        for place, part in enumerate(parts)
        if node in part or any(leads(node, last) for last in part)
    ]
