"""Nodes of a graph and functions of its library, decoded without TensorFlow."""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint.meta._proto_fields import (
    AttrValue,
    Dim,
    FunctionDef,
    MapEntry,
    NodeDef,
    OpDef,
    TensorShape,
    numbers_of,
)
from tf1compat.checkpoint.wire import Field, WireError, fields, signed64
from tf1compat.names.graph_names import NODE_NAME, OP_TYPE

__all__ = [
    "INNER_INPUT",
    "INPUT",
    "OP_NAME",
    "Function",
    "Node",
    "function_def",
    "known_fields",
    "map_entry",
    "matching",
    "node_def",
]

_NODE_NAME = re.compile(NODE_NAME)
OP_NAME = re.compile(OP_TYPE)
INPUT = re.compile(rf"\^?({NODE_NAME})(?::\d{{1,9}})?")
# Within a function an input is an argument, or an output by its own name and number.
INNER_INPUT = re.compile(r"\^?([A-Za-z0-9._][A-Za-z0-9_.\\/>-]*)(?::\w{1,99}:\d{1,9})?")
_UNKNOWN = -1
_NONE = memoryview(b"")


@dataclasses.dataclass(frozen=True)
class Node:
    """A NodeDef: its op type, the names of the nodes it reads, and its attributes undecoded.

    `ports` says which output of each of `inputs` it reads.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    controls: tuple[str, ...]
    shape: tuple[int | None, ...] | None
    dtype: int
    has_shape: bool  # a shape may be given as unknown
    ports: tuple[int, ...]
    attributes: Mapping[str, memoryview]


@dataclasses.dataclass(frozen=True)
class Function:
    """A FunctionDef: names of its arguments, its nodes, and which output each result is."""

    arguments: tuple[str, ...]
    nodes: Mapping[str, Node]
    results: tuple[tuple[str, int], ...]


def function_def(data: memoryview) -> Function:
    """Returns what a FunctionDef says.

    Raises:
      WireError: it isn't one.
    """
    arguments: list[str] = []
    outputs: list[str] = []
    nodes: dict[str, Node] = {}
    returned: dict[str, str] = {}
    for field in fields(data):
        if field.number == FunctionDef.SIGNATURE:
            for part in fields(field.message()):
                if part.number in (OpDef.INPUT_ARG, OpDef.OUTPUT_ARG):
                    name = next(f.text() for f in fields(part.message()) if f.number == OpDef.NAME)
                    (arguments if part.number == OpDef.INPUT_ARG else outputs).append(name)
        elif field.number == FunctionDef.NODE_DEF:
            node = node_def(field.message(), inputs_like=INNER_INPUT)
            nodes[node.name] = node
        elif field.number == FunctionDef.RET:
            key, value = map_entry(field.message())
            returned[key] = bytes(value).decode("utf-8", "replace")
    results = (returned.get(name, "").split(":") for name in outputs)
    return Function(tuple(arguments), nodes, tuple((r[0], _port(r[-1])) for r in results))


def known_fields(data: memoryview, message: type[enum.IntEnum]) -> Iterator[Field]:
    """Yields a message's fields, of which it may have only those listed."""
    numbers = numbers_of(message)
    for field in fields(data):
        if field.number not in numbers:
            raise WireError(f"field {field.number} where there is none", field.offset)
        yield field


def matching(field: Field, pattern: re.Pattern[str]) -> str:
    text = field.text()
    if not pattern.fullmatch(text):
        raise WireError(f"{text[:80]!r} is no name", field.offset)
    return text


def _port(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def node_def(data: memoryview, *, inputs_like: re.Pattern[str] = INPUT) -> Node:
    name = op = ""
    inputs: list[str] = []
    ports: list[int] = []
    controls: list[str] = []
    attributes: dict[str, memoryview] = {}
    for field in known_fields(data, NodeDef):
        if field.number == NodeDef.NAME:
            name = matching(field, _NODE_NAME)
        elif field.number == NodeDef.OP:
            op = matching(field, OP_NAME)
        elif field.number == NodeDef.INPUT:
            text = matching(field, inputs_like)
            source, _, port = text.lstrip("^").partition(":")
            if text.startswith("^"):
                controls.append(source)
            else:
                inputs.append(source)
                ports.append(_port(port.rpartition(":")[2]))
        elif field.number == NodeDef.ATTR:
            key, value = map_entry(field.message())
            attributes[key] = value
    if not name or not op:
        raise WireError("a node without a name or an op", 0)
    shapes = [
        one for one in fields(attributes.get("shape", _NONE)) if one.number == AttrValue.SHAPE
    ]
    shape = _open_shape(shapes[0].message()) if shapes else None
    dtype = _attr_type(attributes["dtype"]) if "dtype" in attributes else 0
    return Node(
        name=name,
        op=op,
        inputs=tuple(inputs),
        controls=tuple(controls),
        shape=shape,
        dtype=dtype,
        has_shape=bool(shapes),
        ports=tuple(ports),
        attributes=attributes,
    )


def map_entry(data: memoryview) -> tuple[str, memoryview]:
    key, value = "", memoryview(b"")
    seen: set[int] = set()
    for field in known_fields(data, MapEntry):
        if field.number in seen:  # no library writes that: a length before it is another
            raise WireError("a key or value of a map that is there twice", field.offset)
        seen.add(field.number)
        if field.number == MapEntry.KEY:
            key = field.text()
        else:
            value = field.message()
    return key, value


def _open_shape(data: memoryview) -> tuple[int | None, ...] | None:
    """Returns a TensorShapeProto's sizes, None for unknown ones; None where even the rank is."""
    sizes: list[int | None] = []
    for field in known_fields(data, TensorShape):
        if field.number == TensorShape.UNKNOWN_RANK:
            return None
        size = 0
        for part in known_fields(field.message(), Dim):
            size = signed64(part.integer()) if part.number == Dim.SIZE else size
        if size < _UNKNOWN:
            raise WireError(f"a size of {size}", field.offset)
        sizes.append(None if size == _UNKNOWN else size)
    return tuple(sizes)


def _attr_type(data: memoryview) -> int:
    for field in fields(data):
        if field.number == AttrValue.TYPE:
            return field.integer()
    return 0
