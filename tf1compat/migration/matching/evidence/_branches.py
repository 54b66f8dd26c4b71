"""The scope tree at the level where the paths of some nodes part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tf1compat.migration.matching.nodes import Node

__all__ = ["Branches", "branches_of", "levels_of"]

Branches = dict[str, list[Node]]


def levels_of(node: Node) -> list[str]:
    """Returns the levels of a node's path."""
    return node.place.path.split("/")


def branches_of(nodes: Sequence[Node]) -> tuple[Branches, int]:
    """Returns the nodes by the first level at which their paths differ, and that depth."""
    paths = {node: levels_of(node) for node in nodes}
    depth = 0
    while len({tuple(path[: depth + 1]) for path in paths.values()}) == 1 and depth < min(
        len(path) for path in paths.values()
    ):
        depth += 1
    found: Branches = defaultdict(list)
    for node, path in paths.items():
        found["/".join(path[: depth + 1])].append(node)
    return found, depth + 1
