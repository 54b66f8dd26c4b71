"""A graph's nodes with where its constants' values are, which aren't read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tf1compat.budget import Budget, Meter
from tf1compat.checkpoint.meta._node_def import INNER_INPUT, INPUT, Node, node_def
from tf1compat.checkpoint.meta._proto_fields import (
    AttrValue,
    FunctionDef,
    FunctionDefLibrary,
    GraphDef,
    MapEntry,
    NodeDef,
    OpDef,
    TensorProto,
)
from tf1compat.checkpoint.meta._spans import Source, Span, spans
from tf1compat.checkpoint.slices import parse_shape
from tf1compat.checkpoint.stored_types import StoredType, stored_type
from tf1compat.checkpoint.wire import LENGTH, WireError, varint

__all__ = ["Constant", "PlacedNode", "placed_functions", "placed_nodes"]

_NODES = Meter("nodes", each=1 / 25, least=50_000)
_LARGE = 1 << 12  # bytes of an attribute that isn't read with its node
_SHAPE = 1 << 12  # bytes of a shape


class Constant(NamedTuple):
    """Where the value of a constant is.

    Attributes:
      stored: its dtype.
      shape: its dimensions.
      begin: where its TensorProto begins.
      end: where that ends.
      content: where its elements are in one piece, as they are in memory; None where they aren't.
    """

    stored: StoredType
    shape: tuple[int, ...]
    begin: int
    end: int
    content: tuple[int, int] | None


class PlacedNode(NamedTuple):
    """A node, but for large values, where it is, and the value of a constant."""

    node: Node
    begin: int
    end: int
    constant: Constant | None


def placed_nodes(source: Source, begin: int, end: int, budget: Budget) -> Iterator[PlacedNode]:
    """Yields the nodes of the GraphDef that is from `begin` up to `end`, in their order.

    Raises:
      WireError: it is no GraphDef; the offset is that in the source.
      BudgetError: it has more nodes than its file's size warrants.
    """
    for span in spans(source, begin, end):
        if span.number == GraphDef.NODE:
            budget.spend(_NODES, 1)
            yield _placed(source, span)


def placed_functions(
    source: Source, begin: int, end: int, budget: Budget
) -> Iterator[tuple[str, list[PlacedNode]]]:
    """Yields the functions of the GraphDef that is there by their names, with their nodes.

    Errors are those of :func:`placed_nodes`.
    """
    for library in spans(source, begin, end):
        if library.number != GraphDef.LIBRARY or library.kind != LENGTH:
            continue
        for function in spans(source, library.begin, library.end):
            if function.number == FunctionDefLibrary.FUNCTION and function.kind == LENGTH:
                yield _function(source, function, budget)


def _function(source: Source, span: Span, budget: Budget) -> tuple[str, list[PlacedNode]]:
    name, nodes = "", []
    for part in spans(source, span.begin, span.end):
        if part.kind != LENGTH:
            continue
        if part.number == FunctionDef.SIGNATURE:
            own = spans(source, part.begin, part.end)
            names = [
                bytes(one.of(source))
                for one in own
                if one.number == OpDef.NAME and one.kind == LENGTH
            ]
            name = b"".join(names).decode(errors="replace")
        elif part.number == FunctionDef.NODE_DEF:
            budget.spend(_NODES, 1)
            nodes.append(_placed(source, part, inputs_like=INNER_INPUT))
    return name, nodes


def _placed(source: Source, span: Span, *, inputs_like: re.Pattern[str] = INPUT) -> PlacedNode:
    try:
        node = node_def(memoryview(_without_large(source, span)), inputs_like=inputs_like)
    except WireError as error:
        raise WireError(error.message, span.begin + error.offset) from error
    constant = _constant(source, span) if node.op == "Const" else None
    return PlacedNode(node, span.begin, span.end, constant)


def _without_large(source: Source, span: Span) -> bytes:
    """Returns a node's bytes without attributes that are large: values, as a rule."""
    if span.end - span.begin <= _LARGE:
        return bytes(span.of(source))
    kept = bytearray()
    for part in spans(source, span.begin, span.end):
        if part.number != NodeDef.ATTR or part.end - part.begin <= _LARGE:
            data = part.of(source)
            kept += varint(part.number << 3 | 2) + varint(len(data)) + data
    return bytes(kept)


def _constant(source: Source, node: Span) -> Constant:
    """Returns where the value of a constant is."""
    for attribute in spans(source, node.begin, node.end):
        if attribute.number != NodeDef.ATTR:
            continue
        entry = {part.number: part for part in spans(source, attribute.begin, attribute.end)}
        key, value = entry.get(MapEntry.KEY), entry.get(MapEntry.VALUE)
        if key is None or value is None or bytes(key.of(source)) != b"value":
            continue
        for part in spans(source, value.begin, value.end):
            if part.number == AttrValue.TENSOR:
                return _tensor(source, part)
    raise WireError("a constant without a value", node.begin)


def _tensor(source: Source, span: Span) -> Constant:
    stored, content = stored_type(0), None
    shape: tuple[int, ...] = ()
    for part in spans(source, span.begin, span.end):
        if part.number == TensorProto.DTYPE:
            stored = stored_type(part.value)
        elif part.number == TensorProto.SHAPE:
            if part.end - part.begin > _SHAPE:
                raise WireError("a shape of too many dimensions", part.begin)
            shape = parse_shape(part.of(source))
        elif part.number == TensorProto.CONTENT:
            content = (part.begin, part.end) if part.end > part.begin else None
    return Constant(stored, shape, span.begin, span.end, content)
