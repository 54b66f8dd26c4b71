"""The parts of a MetaGraphDef that tell about variables, decoded without TensorFlow.

A ``.meta`` file has no checksum. So everything that is looked at is held to what TensorFlow
writes: no field that the message doesn't have, names that are names, text that is UTF-8.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint.meta._proto_fields import (
    AttrValue,
    CollectionDef,
    Dim,
    FunctionDef,
    FunctionDefLibrary,
    GraphDef,
    List,
    MapEntry,
    MetaGraphDef,
    MetaInfoDef,
    NodeDef,
    OpDef,
    SaverDef,
    SaveSliceInfoDef,
    TensorShape,
    VariableDef,
    numbers_of,
)
from tf1compat.checkpoint.meta.slice_info import SliceInfo
from tf1compat.checkpoint.wire import Field, WireError, fields, signed64

__all__ = ["Graph", "Node", "RawVariable", "parse_meta_graph"]

_NODE_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
_OP_NAME = re.compile(r"[A-Za-z0-9_>]+")
_INPUT = re.compile(r"\^?([A-Za-z0-9.][A-Za-z0-9_.\\/>-]*)(?::\d{1,9})?")
_UNKNOWN = -1


_MEMBERS = {
    CollectionDef.INT64_LIST: "int64",
    CollectionDef.FLOAT_LIST: "float",
    CollectionDef.ANY_LIST: "message",
}
_VARIABLE_TEXTS = (
    VariableDef.VARIABLE_NAME,
    VariableDef.INITIALIZER_NAME,
    VariableDef.SNAPSHOT_NAME,
    VariableDef.INITIAL_VALUE_NAME,
)
_SAVER_TEXTS = {
    SaverDef.FILENAME_TENSOR_NAME: "filename",
    SaverDef.SAVE_TENSOR_NAME: "save",
    SaverDef.RESTORE_OP_NAME: "restore_op",
}
_SAVER_NUMBERS = {
    SaverDef.MAX_TO_KEEP: "max_to_keep",
    SaverDef.SHARDED: "sharded",
    SaverDef.VERSION: "version",
}


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
class RawVariable:
    """A VariableDef."""

    name: str
    initializer: str
    initial_value: str
    snapshot: str
    is_resource: bool
    trainable: bool
    slice_info: SliceInfo | None


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
    for field in _known(data, MetaGraphDef):
        try:
            if field.number == MetaGraphDef.META_INFO_DEF:
                _meta_info(field.message(), graph)
            elif field.number == MetaGraphDef.GRAPH_DEF:
                _graph_def(field.message(), graph)
            elif field.number == MetaGraphDef.SAVER_DEF:
                graph.saver.update(_saver(field.message()))
            elif field.number == MetaGraphDef.COLLECTION_DEF:
                name, value = _map_entry(field.message())
                graph.collections[name] = _collection(value)
        except WireError as error:
            raise WireError(error.message, field.offset + error.offset) from error
    return graph


def _known(data: memoryview, message: type[enum.IntEnum]) -> Iterator[Field]:
    """Yields a message's fields, of which it may have only those listed."""
    numbers = numbers_of(message)
    for field in fields(data):
        if field.number not in numbers:
            raise WireError(f"field {field.number} where there is none", field.offset)
        yield field


def _matching(field: Field, pattern: re.Pattern[str]) -> str:
    text = field.text()
    if not pattern.fullmatch(text):
        raise WireError(f"{text[:80]!r} is no name", field.offset)
    return text


def _meta_info(data: memoryview, graph: Graph) -> None:
    for field in _known(data, MetaInfoDef):
        if field.number == MetaInfoDef.STRIPPED_OP_LIST:
            for op in _known(field.message(), List):
                parts = fields(op.message())
                names = [_matching(part, _OP_NAME) for part in parts if part.number == OpDef.NAME]
                graph.ops.update(names)
        elif field.number == MetaInfoDef.TENSORFLOW_VERSION:
            graph.version = field.text()


def _graph_def(data: memoryview, graph: Graph) -> None:
    for field in _known(data, GraphDef):
        if field.number == GraphDef.LIBRARY:
            graph.ops.update(_functions(field.message()))
        elif field.number == GraphDef.NODE:
            try:
                node = _node(field.message())
            except WireError as error:
                raise WireError(error.message, field.offset + error.offset) from error
            if node.name in graph.nodes:
                raise WireError(f"node {node.name!r} is there twice", field.offset)
            graph.nodes[node.name] = node


def _functions(data: memoryview) -> Iterator[str]:
    """Yields the names of a FunctionDefLibrary's functions, which nodes may call like ops."""
    for function in _known(data, FunctionDefLibrary):
        if function.number != FunctionDefLibrary.FUNCTION:
            continue
        for signature in fields(function.message()):
            if signature.number == FunctionDef.SIGNATURE:
                parts = fields(signature.message())
                yield from (part.text() for part in parts if part.number == OpDef.NAME)


def _node(data: memoryview) -> Node:
    name = op = ""
    inputs: list[str] = []
    ports: list[int] = []
    controls: list[str] = []
    attributes: dict[str, memoryview] = {}
    for field in _known(data, NodeDef):
        if field.number == NodeDef.NAME:
            name = _matching(field, _NODE_NAME)
        elif field.number == NodeDef.OP:
            op = _matching(field, _OP_NAME)
        elif field.number == NodeDef.INPUT:
            text = _matching(field, _INPUT)
            source, _, port = text.lstrip("^").partition(":")
            if text.startswith("^"):
                controls.append(source)
            else:
                inputs.append(source)
                ports.append(int(port or 0))
        elif field.number == NodeDef.ATTR:
            key, value = _map_entry(field.message())
            attributes[key] = value
    if not name or not op:
        raise WireError("a node without a name or an op", 0)
    shape = _attr_shape(attributes["shape"]) if "shape" in attributes else None
    dtype = _attr_type(attributes["dtype"]) if "dtype" in attributes else 0
    return Node(
        name=name,
        op=op,
        inputs=tuple(inputs),
        controls=tuple(controls),
        shape=shape,
        dtype=dtype,
        has_shape="shape" in attributes,
        ports=tuple(ports),
        attributes=attributes,
    )


def _map_entry(data: memoryview) -> tuple[str, memoryview]:
    key, value = "", memoryview(b"")
    for field in _known(data, MapEntry):
        if field.number == MapEntry.KEY:
            key = field.text()
        else:
            value = field.message()
    return key, value


def _attr_shape(data: memoryview) -> tuple[int | None, ...] | None:
    """Returns an AttrValue's shape, None for unknown sizes; None where even the rank is."""
    for field in fields(data):
        if field.number == AttrValue.SHAPE:
            return _open_shape(field.message())
    return None


def _open_shape(data: memoryview) -> tuple[int | None, ...] | None:
    sizes: list[int | None] = []
    for field in _known(data, TensorShape):
        if field.number == TensorShape.UNKNOWN_RANK:
            return None
        size = 0
        for part in _known(field.message(), Dim):
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


def _collection(data: memoryview) -> tuple[str | RawVariable, ...]:
    """Returns a CollectionDef's values: variables or names; of others only what they are."""
    for field in _known(data, CollectionDef):
        values = list(_known(field.message(), List))
        if field.number == CollectionDef.NODE_LIST:
            return tuple(value.text() for value in values)
        if field.number == CollectionDef.BYTES_LIST:
            return tuple(_variable_or_bytes(value.message()) for value in values)
        return tuple(f"<{_MEMBERS[CollectionDef(field.number)]}>" for _ in values)
    return ()


def _variable_or_bytes(data: memoryview) -> str | RawVariable:
    """Returns a VariableDef, or where it isn't one how many bytes there are."""
    try:
        return _variable(data)
    except WireError:
        return f"<{len(data)} bytes>"


def _variable(data: memoryview) -> RawVariable:
    texts = dict.fromkeys(_VARIABLE_TEXTS, "")
    flags = {VariableDef.IS_RESOURCE: 0, VariableDef.TRAINABLE: 0}
    info = None
    for field in _known(data, VariableDef):
        which = VariableDef(field.number)
        if which in texts:
            texts[which] = _matching(field, _INPUT)
        elif which == VariableDef.SAVE_SLICE_INFO_DEF:
            info = _slice_info(field.message())
        elif which in flags:
            flags[which] = field.integer()
    if not texts[VariableDef.VARIABLE_NAME] or not texts[VariableDef.INITIALIZER_NAME]:
        raise WireError("a variable without a name or an initializer", 0)
    return RawVariable(
        name=texts[VariableDef.VARIABLE_NAME],
        initializer=texts[VariableDef.INITIALIZER_NAME],
        initial_value=texts[VariableDef.INITIAL_VALUE_NAME],
        snapshot=texts[VariableDef.SNAPSHOT_NAME],
        is_resource=bool(flags[VariableDef.IS_RESOURCE]),
        trainable=bool(flags[VariableDef.TRAINABLE]),
        slice_info=info,
    )


def _slice_info(data: memoryview) -> SliceInfo | None:
    name = ""
    numbers: dict[int, list[int]] = {which: [] for which in SaveSliceInfoDef}
    for field in _known(data, SaveSliceInfoDef):
        if field.number == SaveSliceInfoDef.FULL_NAME:
            name = field.text()
        else:
            numbers[field.number] += field.integers()
    found = SliceInfo(
        full_name=name,
        full_shape=tuple(numbers[SaveSliceInfoDef.FULL_SHAPE]),
        offset=tuple(numbers[SaveSliceInfoDef.VAR_OFFSET]),
        shape=tuple(numbers[SaveSliceInfoDef.VAR_SHAPE]),
    )
    if not name:
        return None
    _require_within(found)
    return found


def _require_within(part: SliceInfo) -> None:
    full, offset, shape = part.full_shape, part.offset, part.shape
    if not len(full) == len(offset) == len(shape) or any(
        o < 0 or s < 0 or o + s > f for f, o, s in zip(full, offset, shape, strict=True)
    ):
        raise WireError(f"the slice at {offset} of {shape} is not within {full}", 0)


def _saver(data: memoryview) -> dict[str, str | int]:
    """Returns a SaverDef's fields by name."""
    found: dict[str, str | int] = {}
    for field in _known(data, SaverDef):
        which = SaverDef(field.number)
        if which in _SAVER_TEXTS:
            found[_SAVER_TEXTS[which]] = field.text()
        elif which in _SAVER_NUMBERS:
            found[_SAVER_NUMBERS[which]] = field.integer()
    return found
