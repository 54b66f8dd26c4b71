"""Attributes of nodes that are lists of integers, or yes or no."""

from __future__ import annotations

import enum

from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.wire import fields

__all__ = ["boolean", "integers"]


class _Value(enum.IntEnum):
    """attr_value.proto."""

    LIST = 1
    BOOLEAN = 5


_INTEGERS = 3  # of AttrValue.ListValue


def integers(node: Node, key: str) -> tuple[int, ...]:
    """Returns a list of integers; () where there is none."""
    found: list[int] = []
    for field in fields(node.attributes.get(key, b"")):
        if field.number == _Value.LIST:
            for part in fields(field.message()):
                if part.number == _INTEGERS:
                    found += part.integers()
    return tuple(found)


def boolean(node: Node, key: str, *, default: bool) -> bool:
    """Returns a yes or no, or `default` where there is none: files leave out op's defaults."""
    for field in fields(node.attributes.get(key, b"")):
        if field.number == _Value.BOOLEAN:
            return bool(field.integer())
    return default
