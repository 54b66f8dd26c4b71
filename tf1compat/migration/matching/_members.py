"""Which member of a module goes to which of its partner, as far as roles and shapes tell."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from tf1compat.migration.matching.nodes import Item, Node

__all__ = ["module_fits", "pair_members"]


def pair_members(source: Node, target: Node) -> dict[Item, Item]:
    """Returns which item of `source` goes to which of `target`, as far as roles and shapes tell."""
    found: dict[Item, Item] = {}
    by_role = {item.role: item for _, item in target.members}
    for _, item in source.members:
        same = by_role.get(item.role)
        if same is not None and item.may_be(same):
            found[item] = same
    for role, item in source.members:
        if item in found:
            continue
        taken = set(found.values())
        options = [
            option
            for option_role, option in target.members
            if option_role == role and option not in taken and item.may_be(option)
        ]
        rivals = [i for r, i in source.members if r == role and i not in found]
        if len(options) == len(rivals) == 1:
            found[item] = options[0]
    return found


def module_fits() -> Callable[[Node, Node], bool]:
    """Returns the check that every kernel of a module has a weight of the other that can hold it.

    For modules without a kernel at least one member has to fit. The answer depends on roles and
    shapes alone, so it is worked out once for each pair of these.
    """
    known: dict[tuple[Hashable, Hashable], bool] = {}

    def fits(source: Node, target: Node) -> bool:
        key = source.shapes, target.shapes
        if key not in known:
            pairs = pair_members(source, target)
            kernels = [item for role, item in source.members if role == "weight"]
            known[key] = bool(pairs) and all(item in pairs for item in kernels)
        return known[key]

    return fits
