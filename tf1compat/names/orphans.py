"""Slots and averages whose variable isn't in the file: they look like variables, and are none."""

from __future__ import annotations

from collections.abc import Iterable

from tf1compat.names._companions import companion_family
from tf1compat.names.parse import VariableName
from tf1compat.names.roles import ROLES, STATISTICS
from tf1compat.names.training_state import companion_reason

__all__ = ["orphans"]

_TRAINED = frozenset(ROLES) - STATISTICS - {"unknown"}
_KINDS = {"optimizer": "slot", "factored": "slot", "average": "shadow"}


def orphans(names: Iterable[VariableName]) -> dict[str, str]:
    """Returns, by full name, what each variable is that is named as a companion of a missing one.

    A file may hold averages instead of all trained variables, as a Saver of the averages alone
    writes it; there they are what there is. Beside trained variables, an average without its own is
    the rest of something that was left out.

    >>> from tf1compat.names import parse_names
    >>> found = parse_names(["a/kernel", "a/kernel/Adam", "b/kernel/Momentum"])
    >>> orphans(found.values())
    {'b/kernel/Momentum': 'slot Momentum of b/kernel'}
    """
    every = list(names)
    trained = any(
        name.role in _TRAINED and companion_family(name.leaf) != "average" for name in every
    )
    found = {}
    for name in every:
        kind = _KINDS.get(companion_family(name.leaf), "") if name.kind == "variable" else ""
        if kind and name.scope and (kind == "slot" or trained):
            found[name.full] = companion_reason(kind, name.leaf, name.scope).text
    return found
