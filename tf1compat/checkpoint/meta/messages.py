"""Messages of a graph as objects with protobuf's manners, without protobuf.

What looks at a graph takes a message of TensorFlow's or one of these alike: fields are attributes,
those that aren't there have their default, several are a list, and maps add what is asked for.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Mapping
from typing import Any

from tf1compat.checkpoint.meta._text_schema import ASIDE, MESSAGES, Slot
from tf1compat.checkpoint.wire import Buffer, Field, WireError, fields

__all__ = ["Message"]

_SCHEMA: Mapping[str, Mapping[str, Slot]] = {**MESSAGES, **ASIDE}
_DEFAULTS = {
    "int": 0,
    "type": 0,
    "bool": False,
    "float": 0.0,
    "double": 0.0,
    "text": "",
    "bytes": b"",
    "skip": None,
}
_FLOATING = {"float": "<f", "double": "<d"}


class Message:
    r"""A message of one kind, of which only what is asked for is taken apart.

    So a message with a fault within is made without an error, which comes when the fault is met: a
    WireError. ``copy.deepcopy`` gives one that can be changed by itself.

    >>> node = Message("NodeDef", b"\n\1x\x12\6MatMul")
    >>> node.name, node.op, list(node.input), "T" in node.attr
    ('x', 'MatMul', [], False)
    """

    __slots__ = ("_data", "_found", "_kind")

    def __init__(self, kind: str, data: Buffer = b"") -> None:
        object.__setattr__(self, "_kind", kind)
        object.__setattr__(self, "_data", data)
        object.__setattr__(self, "_found", None)

    def __getattr__(self, name: str) -> Any:
        found, slot = self._fields(), _SCHEMA[self._kind].get(name)
        if slot is None:
            raise AttributeError(f"{self._kind} has no field {name!r}")
        if name in found:
            return found[name]
        if _is_map(slot.kind) or slot.several:  # which may be added to
            found[name] = _Map(slot.kind) if _is_map(slot.kind) else []
            return found[name]
        return Message(slot.kind) if slot.kind in _SCHEMA else _DEFAULTS[slot.kind]

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _SCHEMA[self._kind]:
            raise AttributeError(f"{self._kind} has no field {name!r}")
        self._fields()[name] = value

    def __deepcopy__(self, memo: dict[int, Any]) -> Message:
        copy = Message(self._kind, self._data)
        if self._found is not None:
            object.__setattr__(copy, "_found", {k: _copied(v) for k, v in self._found.items()})
        return copy

    def HasField(self, name: str) -> bool:  # noqa: N802 - protobuf's name
        """Tells whether a message within is there."""
        return name in self._fields()

    def _fields(self) -> dict[str, Any]:
        if self._found is None:
            object.__setattr__(self, "_found", _taken_apart(self._kind, self._data))
        found: dict[str, Any] = self._found
        return found


class _Map(dict[str, Any]):
    """A map of messages or texts, which adds what is asked for."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.value_kind = _SCHEMA[kind]["value"].kind

    def __missing__(self, key: str) -> Any:
        self[key] = Message(self.value_kind) if self.value_kind in _SCHEMA else ""
        return self[key]

    def __deepcopy__(self, memo: dict[int, Any]) -> _Map:
        copy = _Map.__new__(_Map)
        copy.value_kind = self.value_kind
        copy.update({key: _copied(value) for key, value in self.items()})
        return copy


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(one) for one in value]
    return value.__deepcopy__({}) if isinstance(value, (Message, _Map)) else value


def _is_map(kind: str) -> bool:
    return _SCHEMA.get(kind, {}).keys() == {"key", "value"}


@functools.cache
def _by_number(kind: str) -> Mapping[int, tuple[str, Slot]]:
    return {slot.number: (name, slot) for name, slot in _SCHEMA[kind].items()}


def _taken_apart(kind: str, data: Buffer) -> dict[str, Any]:
    """Returns the fields of a message by name; the last of one that may be there once."""
    known, found = _by_number(kind), dict[str, Any]()
    for field in fields(data):
        name, slot = known.get(field.number, ("", None))
        if slot is None or slot.kind == "skip":
            continue
        if _is_map(slot.kind):
            held = found.setdefault(name, _Map(slot.kind))
            entry = Message(slot.kind, field.message())
            held[entry.key] = entry.value
        elif slot.several:
            found.setdefault(name, []).extend(_values(field, slot.kind))
        else:
            found[name] = _only(_values(field, slot.kind), field)
    return found


def _only(values: list[Any], field: Field) -> Any:
    if len(values) != 1:
        raise WireError(f"field {field.number} has {len(values)} values, not one", field.offset)
    return values[0]


def _values(field: Field, kind: str) -> list[Any]:
    """Returns what a field holds: one value, or several numbers that are packed."""
    if kind in _SCHEMA:
        return [Message(kind, field.message())]
    if kind == "text":
        return [field.text()]
    if kind == "bytes":
        return [bytes(field.message())]
    if kind in _FLOATING:
        return _floating(field, _FLOATING[kind])
    numbers = field.integers()
    return [bool(one) for one in numbers] if kind == "bool" else numbers


def _floating(field: Field, form: str) -> list[float]:
    data = field.data
    if len(data) % struct.calcsize(form):
        raise WireError(f"field {field.number} is cut off within a number", field.offset)
    return [float(one) for (one,) in struct.iter_unpack(form, data)]
