"""What is matched: single variables and weights, and the modules that hold several together."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

from tf1compat.migration.matching.places import Place, make_places
from tf1compat.migration.matching.shapes import same_elements

__all__ = [
    "Item",
    "Node",
    "coarse_role",
    "item_nodes",
    "module_nodes",
    "nodes_of_items",
    "trusted_role",
]

_WEIGHTS = frozenset(
    {"kernel", "embedding", "depthwise_kernel", "pointwise_kernel", "recurrent_kernel"}
)
_DIGITS = "0123456789"

Member = tuple[str, "Item"]
"""An item with its coarse role."""


@dataclasses.dataclass(frozen=True)
class Item:
    """A v1 variable or a Keras weight, as far as matching needs to know it.

    Attributes:
      path: its name; unique on its side.
      module: the variable scope or layer path it belongs to (a prefix of `path` as a rule).
      role: what it is (``kernel``, ``gamma``, ...) or ``unknown``.
      shape: its dimensions.
      uses: kinds of arithmetic that it is known to be used in; none where that isn't known.
    """

    path: str
    module: str
    role: str
    shape: tuple[int, ...]
    uses: frozenset[str] = frozenset()

    def may_be(self, other: Item) -> bool:
        """Tells whether one can hold the other, by how they are used and by their shapes."""
        apart = self.uses and other.uses and self.uses.isdisjoint(other.uses)
        return not apart and same_elements(self.shape, other.shape)


@dataclasses.dataclass(frozen=True, eq=False)
class Node:
    """A scope or layer with the items it holds, or one item by itself.

    Attributes:
      path: the scope, layer or item; where one scope holds several sets of variables (``w1, b1,
        w2, b2``), the set's number is the last level.
      order: place among the nodes of its side, in order of creation.
      place: the path taken apart.
      members: its items with their coarse roles.
      signatures: what it holds, in full and in its main parts; only nodes of equal signatures can
        be paired, first by the full one, then by the other.
      carries: whether it is a module that holds a kernel or table.
    """

    path: str
    order: int
    place: Place
    members: tuple[Member, ...]
    signatures: tuple[Hashable, Hashable]
    carries: bool

    @functools.cached_property
    def shapes(self) -> Hashable:
        """Roles and shapes of all members; nodes with equal ones fit the same nodes."""
        return tuple(
            sorted((role, item.role, item.shape, *sorted(item.uses)) for role, item in self.members)
        )


def coarse_role(role: str, shape: Sequence[int]) -> str:
    """Returns the role as far as both sides agree on it: every kind of kernel is a ``weight``."""
    if role in _WEIGHTS or (role == "unknown" and len(shape) > 1):
        return "weight"
    return "vector" if role == "unknown" else role


def trusted_role(role: str, shape: Sequence[int]) -> str:
    """Returns the coarse role, but of a vector that is called a weight: it may be any vector.

    T5, of Mesh TensorFlow, calls a norm's scale `weight`.
    """
    found = coarse_role(role, shape)
    return "vector" if found == "weight" and len(shape) < 2 else found


def nodes_of_items(nodes: Iterable[Node]) -> Mapping[str, Node]:
    """Returns the node of every item, by the item's path."""
    return {item.path: node for node in nodes for _, item in node.members}


def item_nodes(items: Sequence[Item]) -> tuple[Node, ...]:
    """Returns a node for each single item."""
    places = make_places(item.path for item in items)
    return tuple(
        Node(item.path, order, place, ((role, item),), ((role, size), size), carries=False)
        for order, (item, place) in enumerate(zip(items, places, strict=True))
        for role, size in [(coarse_role(item.role, item.shape), math.prod(item.shape))]
    )


def module_nodes(
    items: Iterable[Item], feeds: Mapping[str, Sequence[str]] | None = None
) -> tuple[Node, ...]:
    """Returns the modules of one side in the order of their first item.

    Args:
      items: the items.
      feeds: for the path of each the paths of those that feed it, where that is known: a bias
        belongs to the kernel whose product it is added to, if names don't say to which.
    """
    by_module: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_module[item.module].append(item)
    modules = [
        found for path, held in by_module.items() for found in _modules(path, held, feeds or {})
    ]
    places = make_places(path for path, _ in modules)
    return tuple(
        Node(
            path,
            order,
            place,
            members,
            (_signature(members), _main_signature(members)),
            carries=any(role == "weight" for role, _ in members),
        )
        for order, ((path, members), place) in enumerate(zip(modules, places, strict=True))
    )


def _modules(
    path: str, held: Sequence[Item], feeds: Mapping[str, Sequence[str]]
) -> list[tuple[str, tuple[Member, ...]]]:
    """Returns what a scope or layer holds: one module, or a set for each number of its names."""
    roles = [item.role for item in held]
    if len(held) == 1 or (len(set(roles)) == len(roles) and "unknown" not in roles):
        return [(path, _members(held))]
    sets: dict[str, list[Item]] = defaultdict(list)
    for item in held:
        number = item.path[len(item.path.rstrip(_DIGITS)) :]
        sets[number].append(item)
    distinct = all(
        len({item.role for item in part}) == len(part)
        and all(item.role != "unknown" for item in part)
        for part in sets.values()
    )
    # Numbers that tell everything apart, as of `Variable_1`, say nothing of what is together.
    together = len(sets) < len(held) or not feeds
    if distinct and len(sets) > 1 and together:
        prefix = f"{path}/" if path else ""
        return [(f"{prefix}set_{n or 0}", _members(part)) for n, part in sets.items()]
    return [
        (first.path, _members([first, *others])) for first, *others in _with_biases(held, feeds)
    ]


def _with_biases(held: Sequence[Item], feeds: Mapping[str, Sequence[str]]) -> list[list[Item]]:
    """Returns each item by itself, but kernels with the only bias that they alone feed."""
    kernels = {item.path: item for item in held if len(item.shape) > 1}
    biases: dict[str, list[Item]] = defaultdict(list)
    for item in held:
        before = feeds.get(item.path, ())
        kernel = kernels.get(before[0]) if len(before) == 1 and item.role == "bias" else None
        if kernel is not None and kernel.shape[-1:] == item.shape:
            biases[kernel.path].append(item)
    own = {path: some[0] for path, some in biases.items() if len(some) == 1}
    others = [item for item in held if item not in own.values()]
    return [[item, own[item.path]] if item.path in own else [item] for item in others]


def _members(held: Sequence[Item]) -> tuple[Member, ...]:
    roles = [coarse_role(item.role, item.shape) for item in held]
    if "gamma" in roles or "moving_mean" in roles:  # a norm's offset, whatever its name
        roles = ["beta" if role == "bias" else role for role in roles]
    return tuple(zip(roles, held, strict=True))


def _signature(members: Sequence[Member]) -> Hashable:
    """Returns roles and sizes of all members."""
    return tuple(sorted((role, math.prod(item.shape)) for role, item in members))


def _main_signature(members: Sequence[Member]) -> Hashable:
    """Returns roles and sizes of what every such layer has: kernels, or else a norm's vectors."""
    sizes = [(role, math.prod(item.shape)) for role, item in members if role == "weight"]
    if sizes:
        return tuple(sorted(sizes))
    return ("no weight", max(math.prod(item.shape) for _, item in members))
