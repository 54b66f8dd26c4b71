"""Attributes of nodes as they are asked for: texts, numbers, and what a constant holds."""

from __future__ import annotations

import math
import struct

from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._proto_fields import (
    AttrFunction,
    AttrList,
    AttrValue,
    Dim,
    TensorProto,
    TensorShape,
)
from tf1compat.checkpoint.wire import Field, fields, signed64

__all__ = [
    "classes",
    "constant",
    "flag",
    "function",
    "integer",
    "integers",
    "number",
    "text",
    "texts",
    "values",
]

_LARGEST = 256  # bytes of a constant that is looked into: a permutation, a shape, a number
_PACKED = {TensorProto.FLOATS: "f", TensorProto.DOUBLES: "d"}
_CONTENT = {1: "f", 2: "d", 3: "i", 9: "q"}  # DataType: DT_FLOAT, DT_DOUBLE, DT_INT32, DT_INT64


def text(node: Node, key: str) -> str:
    """Returns a text attribute; ``""`` where there is none."""
    return bytes(_field(node, key, AttrValue.TEXT)).decode("utf-8", "replace")


def integer(node: Node, key: str) -> int:
    """Returns an integer attribute; 0 where there is none."""
    for field in fields(node.attributes.get(key, b"")):
        if field.number == AttrValue.INTEGER:
            return signed64(field.integer())
    return 0


def flag(node: Node, key: str) -> bool:
    """Returns a boolean attribute; False where there is none."""
    parts = fields(node.attributes.get(key, b""))
    return any(field.number == AttrValue.FLAG and field.integer() for field in parts)


def integers(node: Node, key: str) -> tuple[int, ...]:
    """Returns an attribute that is a list of integers; () where there is none."""
    parts = fields(_field(node, key, AttrValue.LIST))
    return tuple(
        one for part in parts if part.number == AttrList.INTEGERS for one in part.integers()
    )


def classes(node: Node) -> tuple[str, ...]:
    """Returns what a node is placed with, as ``loc:@NAME``."""
    parts = fields(_field(node, "_class", AttrValue.LIST))
    return tuple(part.text() for part in parts if part.number == AttrList.TEXTS)


def function(node: Node, key: str) -> str:
    """Returns the name of a function that an attribute is; ``""`` where there is none."""
    parts = fields(_field(node, key, AttrValue.FUNC))
    return next((part.text() for part in parts if part.number == AttrFunction.NAME), "")


def number(node: Node, key: str, *, default: float) -> float:
    """Returns a float attribute, or `default` where there is none."""
    for field in fields(node.attributes.get(key, b"")):
        if field.number == AttrValue.NUMBER:
            return float(struct.unpack("<f", field.fixed32().to_bytes(4, "little"))[0])
    return default


def constant(node: Node) -> tuple[float, ...]:
    """Returns the numbers of a small ``Const``; () for any other node, or where it is large.

    A tensor of one value repeated has it once.
    """
    data = _field(node, "value", AttrValue.TENSOR) if node.op == "Const" else b""
    if not 0 < len(data) <= _LARGEST:
        return ()
    dtype, found = 0, []
    for field in fields(data):
        if field.number == TensorProto.DTYPE:
            dtype = field.integer()
        elif field.number == TensorProto.CONTENT:
            found += _unpacked(_CONTENT.get(dtype, ""), field)
        elif field.number in _PACKED:
            found += _unpacked(_PACKED[TensorProto(field.number)], field)
        elif field.number in (TensorProto.INTS, TensorProto.INT64S):
            found += field.integers()
    return tuple(found)


def texts(node: Node) -> tuple[str, ...]:
    """Returns the texts of a ``Const`` of strings; () for any other node."""
    data = _field(node, "value", AttrValue.TENSOR) if node.op == "Const" else b""
    found = (field for field in fields(data) if field.number == TensorProto.STRINGS)
    return tuple(field.text() for field in found)


def values(node: Node) -> tuple[float, ...] | None:
    """Returns all numbers of a small ``Const``, flat; None for any other node, or a large one."""
    data = _field(node, "value", AttrValue.TENSOR) if node.op == "Const" else b""
    if not 0 < len(data) <= _LARGEST:
        return None
    count = math.prod(_sizes(data))
    if not 0 <= count <= _LARGEST:
        return None
    found = constant(node) or (0,)  # zeros are left out, and so is what only repeats the last
    return (*found, *found[-1:] * (count - len(found)))[:count]


def is_scalar(node: Node) -> bool:
    """Tells whether it is a small ``Const`` of no axes."""
    data = _field(node, "value", AttrValue.TENSOR) if node.op == "Const" else b""
    return 0 < len(data) <= _LARGEST and not _sizes(data)


def _sizes(tensor: memoryview | bytes) -> list[int]:
    """Returns the sizes of a TensorProto."""
    return [
        signed64(part.integer())
        for field in fields(tensor)
        if field.number == TensorProto.SHAPE
        for dim in fields(field.message())
        if dim.number == TensorShape.DIM
        for part in fields(dim.message())
        if part.number == Dim.SIZE
    ]


def _field(node: Node, key: str, number: int) -> memoryview | bytes:
    for field in fields(node.attributes.get(key, b"")):
        if field.number == number:
            return field.message()
    return b""


def _unpacked(code: str, field: Field) -> list[float]:
    size = struct.calcsize(code) if code else 0
    if not size or len(field.data) % size:
        return []
    return [one for (one,) in struct.iter_unpack(f"<{code}", field.data)]
