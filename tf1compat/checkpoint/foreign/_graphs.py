"""Graphs and models as protocol buffers, told by their first fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tf1compat.checkpoint.foreign._sample import FROZEN, GRAPH, SAVED, Foreign, Sample
from tf1compat.checkpoint.wire import LENGTH, VARINT, WireError, read_varint
from tf1compat.names.graph_names import NODE_NAME, OP_TYPE
from tf1compat.names.op_types import VARIABLE_OPS

__all__ = ["graph", "onnx", "saved_model"]

_OP, _NODE = (re.compile(pattern.encode()) for pattern in (OP_TYPE, NODE_NAME))
# The field `op` of a NodeDef: its tag, its length, its text.
_VARIABLES = tuple(b"\x12" + bytes([len(op)]) + op.encode() for op in sorted(VARIABLE_OPS))
_VALUES = b"\x12\x05Const"
_ONNX_FIELDS = frozenset([*range(1, 9), 14, 20, 25, 26])
_WIDTHS = {1: 8, 5: 4}
_TAIL_GRAPH = "name the checkpoint beside it: the prefix of an .index file"


class _Seen(NamedTuple):
    """A field as far as it is in sight."""

    number: int
    kind: int
    value: int
    data: bytes
    cut: bool


def _fields(data: bytes, size: int) -> Iterator[_Seen]:
    """Yields the fields that `data`, the begin of a message of `size` bytes, has.

    The last may be cut off: its length has to lie within the message.

    Raises:
      WireError: these bytes begin no message.
    """
    position = 0
    while position < len(data):
        start = position
        try:
            tag, position = read_varint(data, position)
            number, kind = tag >> 3, tag & 7
            value = 0
            if kind in (VARINT, LENGTH):
                value, position = read_varint(data, position)
        except WireError:
            if len(data) < size and len(data) - start <= 20:  # cut off within a tag or a length
                return
            raise
        length = value if kind == LENGTH else _WIDTHS.get(kind, 0)
        known = kind in (VARINT, LENGTH) or kind in _WIDTHS
        if not known or not number or position + length > size:
            raise WireError("no message", start)
        body = data[position : position + length]
        yield _Seen(number, kind, value, body, cut=len(body) < length)
        position += length


def _seen(data: bytes, size: int) -> list[_Seen]:
    """Returns the fields in sight; none where these bytes are no message."""
    try:
        return list(_fields(data, size))
    except WireError:
        return []


def saved_model(sample: Sample) -> Foreign | None:
    """Recognises a SavedModel: its version, then graphs with all that belongs to them."""
    found = _seen(sample.head, sample.size)
    if not found or [one.number for one in found] != [1] + [2] * (len(found) - 1):
        return None
    if found[0].kind != VARINT or len(found) < 2 or found[1].kind != LENGTH:
        return None
    if not _is_meta_graph(found[1].data, found[1].value):
        return None
    return Foreign(
        "the graph of a SavedModel",
        "its values are in variables/ beside it, which isn't there: fetch the whole directory",
        SAVED,
    )


def graph(sample: Sample) -> Foreign | None:
    """Recognises a MetaGraphDef or a GraphDef, frozen or not."""
    if _is_meta_graph(sample.head, sample.size):
        return Foreign(
            "a graph without values (a MetaGraphDef, .meta)",
            f"{_TAIL_GRAPH}, whose data files hold the values",
            GRAPH,
        )
    if not _is_graph(sample.head, sample.size):
        return None
    seen = sample.head + sample.tail
    if any(op in seen for op in _VARIABLES) or _VALUES not in seen:
        return Foreign("a graph without values (a GraphDef)", _TAIL_GRAPH, GRAPH)
    return Foreign(
        "a frozen graph (a GraphDef, .pb)",
        "its variables were made constants: give it a name that ends in .pb, by which it is read",
        FROZEN,
    )


def _is_meta_graph(data: bytes, size: int) -> bool:
    """Tells whether these bytes begin a MetaGraphDef: its meta info first, then its graph."""
    found = _seen(data, size)
    if not found or any(one.kind != LENGTH or one.number > 7 for one in found):
        return False
    if found[0].number == 1:
        info = _seen(found[0].data, found[0].value)
        names = {one.number for one in info}
        # NodeDef has a name in its first field, where MetaInfoDef rarely has anything
        return (
            bool(names)
            and names <= set(range(1, 9))
            and names & {2, 4, 5, 6} != set()
            and (not _is_node(found[0]))
        )
    return found[0].number == 2 and _is_graph(found[0].data, found[0].value)


def _is_graph(data: bytes, size: int) -> bool:
    """Tells whether these bytes begin a GraphDef: a node, or several, each with name and op."""
    found = _seen(data, size)
    if not found or any(not 1 <= one.number <= 5 for one in found):
        return False
    nodes = [one for one in found if one.number == 1]
    return bool(nodes) and _is_node(nodes[0])


def _is_node(field: _Seen) -> bool:
    """Tells whether a field is a NodeDef."""
    if field.kind != LENGTH:
        return False
    parts = _seen(field.data, field.value)
    first = {part.number: part for part in reversed(parts) if part.kind == LENGTH}
    named = 1 in first and _NODE.fullmatch(first[1].data) is not None
    return named and 2 in first and _OP.fullmatch(first[2].data) is not None


def onnx(sample: Sample) -> Foreign | None:
    """Recognises an ONNX model: its version first, its producer, its graph, its operators' set."""
    found = _seen(sample.head, sample.size)
    numbers = {one.number for one in found}
    if not found or not numbers <= _ONNX_FIELDS or not numbers & {7, 8}:
        return None
    if found[0].number != 1 or found[0].kind != VARINT or not 0 < found[0].value < 100:
        return None
    return Foreign(
        "an ONNX model",
        "its weights have the converter's names and layouts: name the TensorFlow checkpoint that "
        "it was made from",
    )
