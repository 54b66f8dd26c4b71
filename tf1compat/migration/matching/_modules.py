"""Modules: the variables that one layer holds together, on either side."""

from __future__ import annotations

import dataclasses
import math
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

from tf1compat.migration.matching.item import Item
from tf1compat.migration.matching.shapes import same_elements

__all__ = ["Module", "coarse_role", "make_modules", "pair_members"]

_WEIGHTS = frozenset(
    {"kernel", "embedding", "depthwise_kernel", "pointwise_kernel", "recurrent_kernel"}
)
_TRAILING = re.compile(r"(\d+)$")


def coarse_role(role: str, shape: Sequence[int]) -> str:
    """Returns the role as far as both sides agree on it: every kind of kernel is a ``weight``."""
    if role in _WEIGHTS or (role == "unknown" and len(shape) > 1):
        return "weight"
    return "vector" if role == "unknown" else role


@dataclasses.dataclass(frozen=True)
class Module:
    """A scope or layer with the items it holds.

    Attributes:
      path: the scope or layer path; where one scope holds several sets of variables (``w1, b1,
        w2, b2``), the set's number is the last level.
      members: its items with their coarse roles.
    """

    path: str
    members: tuple[tuple[str, Item], ...]

    @property
    def carries(self) -> bool:
        """Whether it holds a kernel or table."""
        return any(role == "weight" for role, _ in self.members)

    @property
    def signature(self) -> Hashable:
        """Roles and sizes of all members."""
        return tuple(sorted((role, math.prod(item.shape)) for role, item in self.members))

    @property
    def main_signature(self) -> Hashable:
        """Roles and sizes of what every such layer has: its kernels, or else a norm's vectors."""
        sizes = [(r, math.prod(i.shape)) for r, i in self.members if r == "weight"]
        if sizes:
            return tuple(sorted(sizes))
        return ("no weight", max(math.prod(item.shape) for _, item in self.members))

    @property
    def shapes(self) -> Hashable:
        """Roles and shapes of all members."""
        return tuple(sorted((role, item.role, item.shape) for role, item in self.members))


def make_modules(items: Iterable[Item]) -> list[Module]:
    """Returns the modules of one side in the order of their first item."""
    by_module: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_module[item.module].append(item)
    modules = []
    for path, members in by_module.items():
        roles = [coarse_role(i.role, i.shape) for i in members]
        fine = [i.role for i in members]
        if (len(set(fine)) == len(fine) and "unknown" not in fine) or (len(members) == 1 and roles):
            modules.append(_module(path, members))
        else:
            modules.extend(_numbered_sets(path, members))
    return modules


def _module(path: str, members: Sequence[Item]) -> Module:
    roles = [coarse_role(item.role, item.shape) for item in members]
    if "gamma" in roles or "moving_mean" in roles:  # a norm's offset, whatever its name
        roles = ["beta" if role == "bias" else role for role in roles]
    return Module(path, tuple(zip(roles, members, strict=True)))


def _numbered_sets(path: str, members: Sequence[Item]) -> list[Module]:
    """Splits a scope that repeats a role by the number at the end of each name."""
    sets: dict[str, list[Item]] = defaultdict(list)
    for item in members:
        number = _TRAILING.search(item.path)
        sets[number[1] if number else ""].append(item)
    distinct = all(
        len({item.role for item in part}) == len(part)
        and all(item.role != "unknown" for item in part)
        for part in sets.values()
    )
    if distinct and len(sets) > 1:
        prefix = f"{path}/" if path else ""
        return [_module(f"{prefix}set_{n or 0}", part) for n, part in sets.items()]
    return [_module(item.path, [item]) for item in members]


def pair_members(source: Module, target: Module) -> dict[Item, Item]:
    """Returns which item of `source` goes to which of `target`, as far as roles and shapes tell."""
    found: dict[Item, Item] = {}
    fine_t = {item.role: item for _, item in target.members}
    for _, item in source.members:
        other = fine_t.get(item.role)
        if other is not None and same_elements(item.shape, other.shape):
            found[item] = other
    for role, item in source.members:
        if item in found:
            continue
        taken = set(found.values())
        options = [
            other
            for other_role, other in target.members
            if other_role == role and other not in taken and same_elements(item.shape, other.shape)
        ]
        rivals = [i for r, i in source.members if r == role and i not in found]
        if len(options) == len(rivals) == 1:
            found[item] = options[0]
    return found


def fits(source: Module, target: Module) -> bool:
    """Tells whether every weight of `source` has one of `target` that can hold it.

    For modules without a kernel at least one member has to fit.
    """
    pairs = pair_members(source, target)
    weights = [item for role, item in source.members if role == "weight"]
    return bool(pairs) and all(item in pairs for item in weights)


def items_by_module(modules: Sequence[Module]) -> Mapping[Item, int]:
    """Returns the module of every item, as its place in `modules`."""
    return {item: i for i, module in enumerate(modules) for _, item in module.members}
