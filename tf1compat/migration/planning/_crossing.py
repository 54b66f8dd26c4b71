"""Rules that send a source where its role, or nothing but its shape, would have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tf1compat.errors import Problem
from tf1compat.migration.layouts.basic import Reshape
from tf1compat.migration.layouts.text import LAYOUT_FACTS
from tf1compat.migration.matching import Item
from tf1compat.migration.matching.nodes import trusted_role
from tf1compat.migration.matching.shapes import layout_between
from tf1compat.names import RuleMatch

__all__ = ["crossings"]

_OFFSETS = ("bias", "beta", "recurrent_bias")
_REMEDY = "mend the rule, or give it cross_roles=true if that is meant"


def crossings(
    matches: Iterable[RuleMatch], sources: Mapping[str, Item], targets: Mapping[str, Item]
) -> Iterator[Problem]:
    """Yields a problem for each match of a source with a target of another role, by a rule.

    Kernels and tables of every kind are one role here, and so are biases and a norm's beta. A name
    that says nothing may be anything, but then shapes that differ prove nothing either: without a
    layout they have to be the same but for ones. What a layout computes has sources of other roles.
    """
    for found in matches:
        source, target = sources.get(found.name), targets.get(found.target or "")
        if source is None or target is None or found.rule.cross_roles:
            continue
        if found.layout is not None and LAYOUT_FACTS.computes(found.layout):
            continue
        one, other = _family(source), _family(target)
        if one and other and one != other:
            yield Problem(
                target.path,
                f"a source that is a {target.role}",
                f"{source.path}, a {source.role}",
                found.origin,
                _REMEDY,
            )
        elif not (one and other) and found.layout is None and _by_luck(source, target):
            shapes = f"{source.path} of {list(source.shape)}"
            expected = f"a source of {list(target.shape)}, or a layout"
            remedy = f"say how: layout='{Reshape(target.shape)}' if in that order"
            yield Problem(target.path, expected, shapes, found.origin, remedy)


def _family(item: Item) -> str:
    """Returns the role that is compared; ``""`` where a name says nothing that can be trusted."""
    role = trusted_role(item.role, item.shape)
    if item.role == "unknown" or role == "vector":
        return ""
    return "bias" if role in _OFFSETS else role


def _by_luck(source: Item, target: Item) -> bool:
    return isinstance(layout_between(source.shape, target.shape), Reshape)
