"""Tables are no kernels: what roles say against a pair of equal sizes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tf1compat.migration.matching.nodes import Node

__all__ = ["TableRoles"]

_KERNEL = "kernel"
_TABLE = "embedding"


class _Sizes(NamedTuple):
    """The sizes of what a node holds of either role."""

    tables: frozenset[int]
    kernels: frozenset[int]


class TableRoles:
    """Objects to a table for a kernel where a table of its size is there for each, and v.v.

    A square table has the shape of a kernel behind it; of the two only names say which is which.
    """

    def __init__(self, sources: Sequence[Node], targets: Sequence[Node]) -> None:
        self._sizes = {node: _sizes(node) for node in (*sources, *targets)}
        ours, others = (_counted(side) for side in (sources, targets))
        self._wanted = frozenset(size for size, count in ours.items() if count <= others[size])
        self._given = frozenset(size for size, count in others.items() if count <= ours[size])

    def against(self, source: Node, target: Node) -> str:
        """Returns the role that speaks against a pair; ``""`` where none does."""
        mine, its = self._sizes[source], self._sizes[target]
        astray = self._wanted & mine.tables & its.kernels - its.tables
        instead = self._given & mine.kernels & its.tables - mine.tables
        return _TABLE if astray or instead else ""


def _sizes(node: Node) -> _Sizes:
    held = [(item.role, math.prod(item.shape)) for _, item in node.members]
    return _Sizes(*(frozenset(n for role, n in held if role == one) for one in (_TABLE, _KERNEL)))


def _counted(nodes: Sequence[Node]) -> Counter[int]:
    items = [item for node in nodes for _, item in node.members]
    return Counter(math.prod(item.shape) for item in items if item.role == _TABLE)
