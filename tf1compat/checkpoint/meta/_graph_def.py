"""The parts of a MetaGraphDef that tell about variables, decoded without TensorFlow.

A ``.meta`` file has no checksum. So everything that is looked at is held to what TensorFlow
writes: no field that the message doesn't have, names that are names, text that is UTF-8.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from tf1compat.budget import Budget, Meter
from tf1compat.checkpoint.meta._node_def import (
    INPUT,
    OP_NAME,
    Node,
    known_fields,
    map_entry,
    matching,
    node_def,
)
from tf1compat.checkpoint.meta._proto_fields import (
    CollectionDef,
    FunctionDef,
    FunctionDefLibrary,
    GraphDef,
    List,
    MetaGraphDef,
    MetaInfoDef,
    OpDef,
    SaverDef,
    SaveSliceInfoDef,
    VariableDef,
)
from tf1compat.checkpoint.meta.slice_info import SliceInfo
from tf1compat.checkpoint.wire import WireError, fields

__all__ = ["NODES", "Graph", "RawVariable", "parse_graph", "parse_meta_graph"]

NODES = Meter("nodes", each=1 / 25, least=50_000)
"""A node with a name and an op takes 50 bytes or more, and its functions' nodes as many."""
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
    """What is looked at of a MetaGraphDef; functions are decoded where they are asked for."""

    nodes: dict[str, Node] = dataclasses.field(default_factory=dict)
    ops: set[str] = dataclasses.field(default_factory=set)
    library: dict[str, memoryview] = dataclasses.field(default_factory=dict)
    collections: dict[str, tuple[str | RawVariable, ...]] = dataclasses.field(default_factory=dict)
    saver: dict[str, str | int] = dataclasses.field(default_factory=dict)
    version: str = ""
    renamed: dict[str, str] = dataclasses.field(default_factory=dict)  # of variables: the new names


def parse_meta_graph(data: memoryview, budget: Budget) -> Graph:
    """Returns what a MetaGraphDef says.

    Raises:
      WireError: it isn't one; the offset is that of the part concerned.
      BudgetError: it has more nodes than its file's size warrants.
    """
    graph = Graph()
    for field in known_fields(data, MetaGraphDef):
        try:
            if field.number == MetaGraphDef.META_INFO_DEF:
                _meta_info(field.message(), graph)
            elif field.number == MetaGraphDef.GRAPH_DEF:
                _graph_def(field.message(), graph, budget)
            elif field.number == MetaGraphDef.SAVER_DEF:
                graph.saver.update(_saver(field.message()))
            elif field.number == MetaGraphDef.COLLECTION_DEF:
                name, value = map_entry(field.message())
                graph.collections[name] = _collection(value)
        except WireError as error:
            raise WireError(error.message, field.offset + error.offset) from error
    return graph


def parse_graph(data: memoryview, budget: Budget) -> Graph:
    """Returns the nodes and functions of a GraphDef.

    Raises:
      WireError: it isn't one; the offset is that of the part concerned.
      BudgetError: it has more nodes than its file's size warrants.
    """
    graph = Graph()
    _graph_def(data, graph, budget)
    return graph


def _meta_info(data: memoryview, graph: Graph) -> None:
    for field in known_fields(data, MetaInfoDef):
        if field.number == MetaInfoDef.STRIPPED_OP_LIST:
            for op in known_fields(field.message(), List):
                parts = fields(op.message())
                names = [matching(part, OP_NAME) for part in parts if part.number == OpDef.NAME]
                graph.ops.update(names)
        elif field.number == MetaInfoDef.TENSORFLOW_VERSION:
            graph.version = field.text()


def _graph_def(data: memoryview, graph: Graph, budget: Budget) -> None:
    for field in known_fields(data, GraphDef):
        if field.number == GraphDef.LIBRARY:
            graph.library.update(_functions(field.message()))
            graph.ops.update(graph.library)
        elif field.number == GraphDef.NODE:
            budget.spend(NODES, 1)
            try:
                node = node_def(field.message())
            except WireError as error:
                raise WireError(error.message, field.offset + error.offset) from error
            if node.name in graph.nodes:
                raise WireError(f"node {node.name!r} is there twice", field.offset)
            graph.nodes[node.name] = node


def _functions(data: memoryview) -> Iterator[tuple[str, memoryview]]:
    """Yields a FunctionDefLibrary's functions by name, which nodes may call like ops."""
    for function in known_fields(data, FunctionDefLibrary):
        if function.number != FunctionDefLibrary.FUNCTION:
            continue
        for signature in fields(function.message()):
            if signature.number == FunctionDef.SIGNATURE:
                parts = fields(signature.message())
                names = (part.text() for part in parts if part.number == OpDef.NAME)
                yield from ((name, function.message()) for name in names)


def _collection(data: memoryview) -> tuple[str | RawVariable, ...]:
    """Returns a CollectionDef's values: variables or names; of others only what they are."""
    for field in known_fields(data, CollectionDef):
        values = list(known_fields(field.message(), List))
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
    for field in known_fields(data, VariableDef):
        which = VariableDef(field.number)
        if which in texts:
            texts[which] = matching(field, INPUT)
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
    for field in known_fields(data, SaveSliceInfoDef):
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
    for field in known_fields(data, SaverDef):
        which = SaverDef(field.number)
        if which in _SAVER_TEXTS:
            found[_SAVER_TEXTS[which]] = field.text()
        elif which in _SAVER_NUMBERS:
            found[_SAVER_NUMBERS[which]] = field.integer()
    return found
