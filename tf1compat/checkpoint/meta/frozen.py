"""Graphs whose variables were made constants: their values, and the graph with variables again.

`convert_variables_to_constants` and `freeze_graph` of 1.15 give each constant its variable's name.
With variables in their places the graph says what any other graph says: what variables mean, how
they feed each other, and, run with their values, what they compute. A function can't have
variables, so its constants stay; their values are read all the same.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection, Container, Mapping

from tf1compat.budget import Budget
from tf1compat.checkpoint.meta._constants import (
    Constant,
    PlacedNode,
    placed_functions,
    placed_nodes,
)
from tf1compat.checkpoint.meta._node_def import node_def
from tf1compat.checkpoint.meta._once_variables import once_variables
from tf1compat.checkpoint.meta._proto_fields import (
    AttrValue,
    Dim,
    GraphDef,
    MapEntry,
    MetaGraphDef,
    MetaInfoDef,
    NodeDef,
    OpDef,
    TensorShape,
)
from tf1compat.checkpoint.meta._spans import Bytes, Source, Span, spans
from tf1compat.checkpoint.wire import LENGTH, WireError, varint
from tf1compat.names.op_types import VARIABLE_OPS

__all__ = ["Frozen", "frozen_in"]

_SMALL = 1 << 16  # bytes of a first node


@dataclasses.dataclass(frozen=True)
class Frozen:
    """A frozen graph.

    Attributes:
      constants: where the values of those that were variables are, by name, in the graph's order.
      within: the same of those within its functions, by the names of function and node.
    """

    constants: Mapping[str, Constant]
    within: Mapping[str, Constant]
    _source: Source
    _nodes: tuple[PlacedNode, ...]
    _others: tuple[Span, ...]  # of the graph: its library, its versions
    _signatures: tuple[Span, ...]

    @property
    def in_file(self) -> bool:
        """Whether places are in the file; of a text they are in the message that it says."""
        return not isinstance(self._source, Bytes)

    def tensor(self, constant: Constant, file: Source) -> bytes:
        """Returns the TensorProto of a constant, from its file, which is open again."""
        source = file if self.in_file else self._source
        return bytes(source.read(constant.begin, constant.end - constant.begin))

    def meta_graph(self) -> bytes:
        """Returns a MetaGraphDef of the graph with variables in the place of the constants."""
        nodes = b"".join(map(self._node, self._nodes))
        others = b"".join(_message(one.number, one.of(self._source)) for one in self._others)
        signed = b"".join(_message(one.number, one.of(self._source)) for one in self._signatures)
        ops = dict.fromkeys(placed.node.op for placed in self._nodes) | {"VariableV2": None}
        listed = b"".join(_message(1, _message(OpDef.NAME, op.encode())) for op in ops)
        info = _message(MetaInfoDef.STRIPPED_OP_LIST, listed)
        return b"".join(
            (
                _message(MetaGraphDef.META_INFO_DEF, info),
                _message(MetaGraphDef.GRAPH_DEF, nodes + others),
                signed,
            )
        )

    def _node(self, placed: PlacedNode) -> bytes:
        constant = self.constants.get(placed.node.name)
        if constant is not None:
            return _message(GraphDef.NODE, _variable(placed.node.name, constant))
        data = self._source.read(placed.begin, placed.end - placed.begin)
        return _message(GraphDef.NODE, bytes(data))


def frozen_in(source: Source, begin: int, end: int, budget: Budget) -> Frozen | None:
    """Returns the frozen graph that a message is, a GraphDef or a MetaGraphDef; None if it's none.

    Values of constants aren't read.

    Raises:
      WireError: the message is damaged; the offset is that in the source.
      BudgetError: it has more nodes than its file's size warrants.
    """
    signatures: tuple[Span, ...] = ()
    if not _is_graph(source, begin, end):
        parts = list(spans(source, begin, end))
        graph = next((part for part in parts if part.number == MetaGraphDef.GRAPH_DEF), None)
        if graph is None or graph.kind != LENGTH:
            return None
        begin, end = graph.begin, graph.end
        signatures = tuple(part for part in parts if part.number == _SIGNATURES)
    nodes: dict[str, PlacedNode] = {}
    for placed in placed_nodes(source, begin, end, budget):
        if placed.node.op in VARIABLE_OPS:
            return None
        if placed.node.name in nodes:
            raise WireError(f"node {placed.node.name!r} is there twice", placed.begin)
        nodes[placed.node.name] = placed
    for placed in nodes.values():
        for name in (*placed.node.inputs, *placed.node.controls):
            if name not in nodes:
                raise WireError(
                    f"node {placed.node.name!r} reads {name!r}, which isn't there", placed.begin
                )
    constants = _once(nodes.values())
    within = _within(source, begin, end, budget=budget, taken=nodes)
    if not constants and not within:
        return None
    beside = (GraphDef.LIBRARY, GraphDef.VERSIONS)
    others = tuple(one for one in spans(source, begin, end) if one.number in beside)
    for one in (*others, *signatures):
        if one.kind != LENGTH:
            raise WireError(f"field {one.number} is not a message", one.begin)
    return Frozen(constants, within, source, tuple(nodes.values()), others, signatures)


def _once(placed: Collection[PlacedNode]) -> dict[str, Constant]:
    """Returns the constants among nodes that were variables."""
    constants = {one.node.name: one.constant for one in placed if one.constant is not None}
    names = once_variables({one.node.name: one.node for one in placed})
    return {name: constants[name] for name in names if name in constants}


def _within(
    source: Source, begin: int, end: int, *, budget: Budget, taken: Container[str]
) -> dict[str, Constant]:
    """Returns the constants within functions of a graph, called ``body/dense/kernel``.

    A node of the graph, one of `taken`, may be called so as well; then a number is added.
    """
    found: dict[str, Constant] = {}
    for function, placed in placed_functions(source, begin, end, budget):
        for name, constant in _once(placed).items():
            called = f"{function}/{name}"
            ways = itertools.chain([called], (f"{called}_{n}" for n in itertools.count(1)))
            found[next(way for way in ways if way not in taken and way not in found)] = constant
    return found


_SIGNATURES = MetaGraphDef.SIGNATURE_DEF


def _is_graph(source: Source, begin: int, end: int) -> bool:
    """Tells whether a message is a GraphDef: its first field is a node."""
    first = next(spans(source, begin, end), None)
    if first is None or first.number != GraphDef.NODE or first.kind != LENGTH:
        return False
    try:
        held = [
            _message(part.number, part.of(source))
            for part in spans(source, first.begin, first.end)
            if part.number in (NodeDef.NAME, NodeDef.OP) and part.end - part.begin < _SMALL
        ]
        node_def(memoryview(b"".join(held)))
    except WireError:
        return False
    return True


def _variable(name: str, constant: Constant) -> bytes:
    """Returns a NodeDef of a variable of a constant's dtype and shape."""
    sizes = b"".join(_message(TensorShape.DIM, _number(Dim.SIZE, n)) for n in constant.shape)
    attributes = {
        "container": _message(AttrValue.TEXT, b""),
        "dtype": _number(AttrValue.TYPE, constant.stored.code),
        "shape": _message(AttrValue.SHAPE, sizes),
        "shared_name": _message(AttrValue.TEXT, b""),
    }
    entries = (
        _message(MapEntry.KEY, key.encode()) + _message(MapEntry.VALUE, value)
        for key, value in attributes.items()
    )
    return b"".join(
        (
            _message(NodeDef.NAME, name.encode()),
            _message(NodeDef.OP, b"VariableV2"),
            *(_message(NodeDef.ATTR, entry) for entry in entries),
        )
    )


def _message(number: int, data: bytes | memoryview) -> bytes:
    return varint(number << 3 | LENGTH) + varint(len(data)) + data


def _number(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)
