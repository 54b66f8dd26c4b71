"""The keys of an object-based checkpoint, and the names by which people can speak of them.

A key is the path of attributes from the saved object to a variable, with marks that keep what the
program called from what TensorFlow adds: ``net/fc/kernel/.ATTRIBUTES/VARIABLE_VALUE``, and for a
slot ``net/fc/kernel/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE``.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["OBJECT_GRAPH", "SLOT_MARK", "ObjectKey", "parse_key", "readable_names"]

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
"""The key of the object graph itself."""

SLOT_MARK = "/.OPTIMIZER_SLOT/"
"""What is between the path of a variable and that of its slot, as the optimizer calls it."""

_VALUE = "VARIABLE_VALUE"
_KEY = re.compile(r"(?P<path>.+)/\.ATTRIBUTES/(?P<attribute>.+)", re.DOTALL)
# Of a slot: its variable's path, then the optimizer's, then the slot's name.
_SLOT = re.compile(r"(?P<of>.+)/\.OPTIMIZER_SLOT/(?P<path>.+)", re.DOTALL)
# `escape_local_name` doubles a dot and writes a slash within a name as `.S`.
_ESCAPED = re.compile(r"\.([.S])")


class ObjectKey(NamedTuple):
    """A key taken apart.

    Attributes:
      name: what it is called where that is unique.
      attribute: which of the object's values it is; ``VARIABLE_VALUE`` of a variable.
      slot: of an optimizer's slot, its name: ``'m'``.
      slot_of: of a slot, the key of its variable.
    """

    name: str
    attribute: str
    slot: str | None = None
    slot_of: str | None = None


def parse_key(key: str) -> ObjectKey:
    """Returns a key taken apart; one that isn't of the form stands for itself.

    >>> parse_key("fc/kernel/.OPTIMIZER_SLOT/opt/m/.ATTRIBUTES/VARIABLE_VALUE")[:3]
    ('fc/kernel/opt/m', 'VARIABLE_VALUE', 'm')
    """
    match = _KEY.fullmatch(key)
    if match is None:
        return ObjectKey(key, "")
    path, attribute = match["path"], match["attribute"]
    end = "" if attribute == _VALUE else f"/{attribute}"
    slot = _SLOT.fullmatch(path)
    if slot is None:
        return ObjectKey(_plain(path) + end, attribute)
    name = _plain(f"{slot['of']}/{slot['path']}") + end
    of = f"{slot['of']}/.ATTRIBUTES/{attribute}"
    return ObjectKey(name, attribute, _plain(slot["path"].rpartition("/")[2]), of)


def _plain(path: str) -> str:
    """Returns a path with what stood for dots and slashes within the names of attributes."""
    return _ESCAPED.sub(lambda match: "/" if match[1] == "S" else ".", path)


def readable_names(keys: Iterable[str]) -> dict[str, str]:
    """Returns the keys by their names, in order; names that two would have are left as keys.

    >>> readable_names(["fc/kernel/.ATTRIBUTES/VARIABLE_VALUE"])
    {'fc/kernel': 'fc/kernel/.ATTRIBUTES/VARIABLE_VALUE'}
    """
    names = {key: parse_key(key).name for key in keys}
    count = collections.Counter([*names.values(), *names])
    unique = {key: name == key or count[name] == 1 for key, name in names.items()}
    return {name if unique[key] else key: key for key, name in names.items()}
