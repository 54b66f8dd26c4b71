"""Slots that an optimizer keeps as variables of its own, by what it calls them."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterator, Mapping

from tf1compat.names.parse import VariableName

__all__ = ["kept_slots"]

_OWN = re.compile(r"(?P<optimizer>[^/]+)/(?P<slot>[^/]+)/(?P<of>.+)", re.DOTALL)
_AVERAGE = "average"


def kept_slots(
    names: Mapping[str, VariableName], called: Mapping[str, str]
) -> Iterator[tuple[str, VariableName]]:
    """Yields slots and averages among the state of optimizers of Keras 2.11 to 2.15, taken apart.

    They are called ``Adam/m/dense/kernel``; what several variables are called is the slot of none.

    Args:
      names: all names of a file, taken apart.
      called: by name, what a variable's program called it; where it isn't there, its name.
    """
    owners: dict[str, list[str]] = collections.defaultdict(list)
    for name, parsed in names.items():
        if parsed.kind == "variable":
            owners[called.get(name, name)].append(name)
    for name, parsed in names.items():
        match = _OWN.fullmatch(called.get(name, name)) if parsed.kind == "optimizer_state" else None
        of = owners.get(match["of"], []) if match else []
        if match is None or len(of) != 1:
            continue
        slot, role = match["slot"], names[of[0]].role
        if slot == _AVERAGE:
            shadow = VariableName(name, match["optimizer"], slot, role, "shadow", shadow_of=of[0])
            yield name, shadow
        else:
            yield name, VariableName(name, match["optimizer"], slot, role, "slot", slot, of[0])
