"""Which nodes belong to which: a norm to the layer that it normalizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tf1compat.migration.matching._flow import Flow
from tf1compat.migration.matching.nodes import Node

__all__ = ["owners_of"]


def owners_of(nodes: Sequence[Node], flow: Flow | None) -> dict[Node, Node]:
    """Returns, for nodes without a kernel, the node with a kernel that they normalize.

    Where the scope is nested (``conv1/BatchNorm`` in ``conv1``), it is the enclosing one; where
    the data flow is known, the only one that feeds it.
    """
    by_path = {node.place.path: node for node in nodes}
    found: dict[Node, Node] = {}
    for node in nodes:
        if node.carries:
            continue
        owner = _enclosing(node.place.path, by_path)
        if owner is None and flow is not None:
            owner = _only(flow.direct.get(node, ()))
        if owner is not None and owner.carries:
            found[node] = owner
    return found


def _only(nodes: Sequence[Node]) -> Node | None:
    distinct = set(nodes)
    return distinct.pop() if len(distinct) == 1 else None


def _enclosing(path: str, by_path: Mapping[str, Node]) -> Node | None:
    while "/" in path:
        path = path.rpartition("/")[0]
        if path in by_path:
            return by_path[path]
    return None
