"""The parts of a MetaGraphDef that tell about variables, decoded without TensorFlow.

A ``.meta`` file has no checksum. So everything that is looked at is held to what TensorFlow
writes: no field that the message doesn't have, names that are names, text that is UTF-8.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from tf1compat.checkpoint.wire import Field, WireError, fields, read_varint, signed64

__all__ = ["Graph", "Node", "RawVariable", "parse_meta_graph"]

_NODE_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
_OP_NAME = re.compile(r"[A-Za-z0-9_>]+")
_INPUT = re.compile(r"\^?([A-Za-z0-9.][A-Za-z0-9_.\\/>-]*)(?::\d{1,9})?")
_UNKNOWN = -1
_MEMBERS = {3: "int64", 4: "float", 5: "message"}


@dataclasses.dataclass(frozen=True)
class Node:
    """A NodeDef: its op type, the names of the nodes it reads, and a variable's attributes."""

    name: str
    op: str
    inputs: tuple[str, ...]
    controls: tuple[str, ...]
    shape: tuple[int | None, ...] | None
    dtype: int
    has_shape: bool  # a shape may be given as unknown


@dataclasses.dataclass(frozen=True)
class RawVariable:
    """A VariableDef; `slice_info` is (full name, full shape, offset, shape) or None."""

    name: str
    initializer: str
    initial_value: str
    snapshot: str
    is_resource: bool
    trainable: bool
    slice_info: tuple[str, tuple[int, ...], tuple[int, ...], tuple[int, ...]] | None


@dataclasses.dataclass
class Graph:
    """What is looked at of a MetaGraphDef."""

    nodes: dict[str, Node] = dataclasses.field(default_factory=dict)
    ops: set[str] = dataclasses.field(default_factory=set)
    collections: dict[str, tuple[str | RawVariable, ...]] = dataclasses.field(default_factory=dict)
    saver: dict[str, str | int] = dataclasses.field(default_factory=dict)
    version: str = ""


def parse_meta_graph(data: memoryview) -> Graph:
    """Returns what a MetaGraphDef says.

    Raises:
      WireError: it isn't one; the offset is that of the part concerned.
    """
    graph = Graph()
    for field in _known(data, {1, 2, 3, 4, 5, 6, 7}):
        try:
            if field.number == 1:
                _meta_info(field.message(), graph)
            elif field.number == 2:
                _graph_def(field.message(), graph)
            elif field.number == 3:
                graph.saver.update(_saver(field.message()))
            elif field.number == 4:
                name, value = _map_entry(field.message())
                graph.collections[name] = _collection(value)
        except WireError as error:
            raise WireError(error.message, field.offset + error.offset) from error
    return graph


def _known(data: memoryview, numbers: set[int]) -> Iterator[Field]:
    for field in fields(data):
        if field.number not in numbers:
            raise WireError(f"field {field.number} where there is none", field.offset)
        yield field


def _text(field: Field) -> str:
    try:
        return bytes(field.message()).decode()
    except UnicodeDecodeError as error:
        raise WireError("text that is not UTF-8", field.offset) from error


def _matching(field: Field, pattern: re.Pattern[str]) -> str:
    text = _text(field)
    if not pattern.fullmatch(text):
        raise WireError(f"{text[:80]!r} is no name", field.offset)
    return text


def _meta_info(data: memoryview, graph: Graph) -> None:
    for field in _known(data, set(range(1, 9))):
        if field.number == 2:
            for op in _known(field.message(), {1}):
                names = [
                    _matching(part, _OP_NAME) for part in fields(op.message()) if part.number == 1
                ]
                graph.ops.update(names)
        elif field.number == 5:
            graph.version = _text(field)


def _graph_def(data: memoryview, graph: Graph) -> None:
    for field in _known(data, {1, 2, 3, 4, 5}):
        if field.number == 2:
            graph.ops.update(_functions(field.message()))
        elif field.number == 1:
            try:
                node = _node(field.message())
            except WireError as error:
                raise WireError(error.message, field.offset + error.offset) from error
            if node.name in graph.nodes:
                raise WireError(f"node {node.name!r} is there twice", field.offset)
            graph.nodes[node.name] = node


def _functions(data: memoryview) -> Iterator[str]:
    """Yields the names of a FunctionDefLibrary's functions, which nodes may call like ops."""
    for function in _known(data, {1, 2, 3}):
        if function.number != 1:
            continue
        for signature in fields(function.message()):
            if signature.number == 1:
                parts = fields(signature.message())
                yield from (_text(part) for part in parts if part.number == 1)


def _node(data: memoryview) -> Node:
    name = op = ""
    inputs: list[str] = []
    controls: list[str] = []
    attributes: dict[str, memoryview] = {}
    for field in _known(data, {1, 2, 3, 4, 5, 6, 7}):
        if field.number == 1:
            name = _matching(field, _NODE_NAME)
        elif field.number == 2:
            op = _matching(field, _OP_NAME)
        elif field.number == 3:
            text = _matching(field, _INPUT)
            target = controls if text.startswith("^") else inputs
            target.append(text.lstrip("^").partition(":")[0])
        elif field.number == 5:
            key, value = _map_entry(field.message())
            attributes[key] = value
    if not name or not op:
        raise WireError("a node without a name or an op", 0)
    shape = _attr_shape(attributes["shape"]) if "shape" in attributes else None
    dtype = _attr_type(attributes["dtype"]) if "dtype" in attributes else 0
    return Node(name, op, tuple(inputs), tuple(controls), shape, dtype, "shape" in attributes)


def _map_entry(data: memoryview) -> tuple[str, memoryview]:
    key, value = "", memoryview(b"")
    for field in _known(data, {1, 2}):
        if field.number == 1:
            key = _text(field)
        else:
            value = field.message()
    return key, value


def _attr_shape(data: memoryview) -> tuple[int | None, ...] | None:
    """Returns an AttrValue's shape, None for unknown sizes; None where even the rank is."""
    for field in fields(data):
        if field.number == 7:
            return _open_shape(field.message())
    return None


def _open_shape(data: memoryview) -> tuple[int | None, ...] | None:
    sizes: list[int | None] = []
    for field in _known(data, {2, 3}):
        if field.number == 3:
            return None
        size = 0
        for part in _known(field.message(), {1, 2}):
            size = signed64(part.integer()) if part.number == 1 else size
        if size < _UNKNOWN:
            raise WireError(f"a size of {size}", field.offset)
        sizes.append(None if size == _UNKNOWN else size)
    return tuple(sizes)


def _attr_type(data: memoryview) -> int:
    for field in fields(data):
        if field.number == 6:
            return field.integer()
    return 0


def _collection(data: memoryview) -> tuple[str | RawVariable, ...]:
    """Returns a CollectionDef's values: variables or names; of others only what they are."""
    for field in _known(data, {1, 2, 3, 4, 5}):
        values = list(_known(field.message(), {1}))
        if field.number == 1:
            return tuple(_text(value) for value in values)
        if field.number == 2:
            return tuple(_variable_or_bytes(value.message()) for value in values)
        return tuple(f"<{_MEMBERS[field.number]}>" for _ in values)
    return ()


def _variable_or_bytes(data: memoryview) -> str | RawVariable:
    """Returns a VariableDef, or where it isn't one how many bytes there are."""
    try:
        return _variable(data)
    except WireError:
        return f"<{len(data)} bytes>"


def _variable(data: memoryview) -> RawVariable:
    texts = {1: "", 2: "", 3: "", 6: ""}
    flags = {5: 0, 7: 0}
    info = None
    for field in _known(data, set(range(1, 10))):
        if field.number in texts:
            texts[field.number] = _matching(field, _INPUT)
        elif field.number == 4:
            info = _slice_info(field.message())
        elif field.number in flags:
            flags[field.number] = field.integer()
    if not texts[1] or not texts[2]:
        raise WireError("a variable without a name or an initializer", 0)
    return RawVariable(texts[1], texts[2], texts[6], texts[3], bool(flags[5]), bool(flags[7]), info)


def _slice_info(
    data: memoryview,
) -> tuple[str, tuple[int, ...], tuple[int, ...], tuple[int, ...]] | None:
    name, numbers = "", {2: [], 3: [], 4: []}  # type: tuple[str, dict[int, list[int]]]
    for field in _known(data, {1, 2, 3, 4}):
        if field.number == 1:
            name = _text(field)
        else:
            numbers[field.number] += _integers(field)
    full, offset, shape = (tuple(numbers[number]) for number in (2, 3, 4))
    if not name:
        return None
    if not len(full) == len(offset) == len(shape) or any(
        o < 0 or s < 0 or o + s > f for f, o, s in zip(full, offset, shape, strict=True)
    ):
        raise WireError(f"the slice at {offset} of {shape} is not within {full}", 0)
    return name, full, offset, shape


def _integers(field: Field) -> list[int]:
    """Returns the values of a repeated integer, packed or not."""
    if field.kind == 0:
        return [signed64(field.value)]
    data, position, found = field.message(), 0, []
    while position < len(data):
        value, position = read_varint(data, position)
        found.append(signed64(value))
    return found


def _saver(data: memoryview) -> dict[str, str | int]:
    """Returns a SaverDef's fields by name."""
    names = {1: "filename", 2: "save", 3: "restore_op"}
    numbers = {4: "max_to_keep", 5: "sharded", 7: "version"}
    found: dict[str, str | int] = {}
    for field in _known(data, set(range(1, 8))):
        if field.number in names:
            found[names[field.number]] = _text(field)
        elif field.number in numbers:
            found[numbers[field.number]] = field.integer()
    return found
