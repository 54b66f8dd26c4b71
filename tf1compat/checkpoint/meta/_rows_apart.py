"""Variables that hold a row for each of several layers: each row becomes a variable of its own.

So all that is read of variables, how they are used and what feeds them, is read of rows, too.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tf1compat.checkpoint.meta._moves import moved
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._wiring import SAME_VALUE, Output, Wiring
from tf1compat.checkpoint.meta.ordering import inputs_first
from tf1compat.checkpoint.meta.using import Shape
from tf1compat.names.op_types import STATISTICS_OPS, VARIABLE_OPS

__all__ = ["Row", "rows_apart"]

_MOST_ROWS = 512  # layers
_MANY = 10_000  # values that are followed from one variable
_SHAPING = frozenset({"Squeeze", "ExpandDims", "Reshape"})

Nodes = Mapping[str, Node]


class Row(NamedTuple):
    """One row of a variable.

    Attributes:
      name: what it is called as a variable of its own: ``net/biases[0]``.
      scope: the scope of what uses it.
      place: its place among the rows in the order in which the graph uses them.
      keeps_axis: whether it is used with the axis that rows are along, of size 1.
    """

    name: str
    scope: str
    place: int
    keeps_axis: bool


def rows_apart(nodes: Nodes) -> tuple[Nodes, Mapping[str, tuple[Row, ...]]]:
    """Returns a graph with rows as variables, and the rows of each variable that has become such.

    All rows along the first axis have to be taken, one at a time and by constant numbers; what is
    also read as a whole is no such variable.

    Args:
      nodes: the graph's nodes by name.
    """
    wires = Wiring(nodes)
    variables = [
        node
        for node in nodes.values()
        if node.op in VARIABLE_OPS
        and len(node.shape or ()) > 1
        and 1 < ((node.shape or ())[0] or 0) <= _MOST_ROWS
    ]
    taken = [(node, found) for node in variables if (found := _rows_of(wires, node)) is not None]
    if not taken:
        return nodes, {}
    order = {name: place for place, name in enumerate(inputs_first(_inputs(nodes)))}
    made: dict[str, Node] = {}
    outputs: dict[Output, Output] = {}
    rows: dict[str, tuple[Row, ...]] = {}
    for variable, found in taken:
        rows[variable.name] = tuple(_in_order(variable.name, found, order))
        for row, one in zip(rows[variable.name], found, strict=True):
            made[row.name] = _as_variable(variable, row)
            outputs |= dict.fromkeys(one.outputs, (row.name, 0))
    return _rewired(nodes, outputs) | made, rows


class _Found(NamedTuple):
    """The outputs that are one row, what uses them, and whether they keep the row's axis."""

    outputs: list[Output]
    users: list[str]
    keeps_axis: bool


def _rows_of(wires: Wiring, variable: Node) -> list[_Found] | None:
    """Returns the rows of a variable in their order; None where something uses more than a row."""
    shape = variable.shape or ()
    found: dict[int, list[Output]] = {}
    kept: set[bool] = set()
    for reader, operand in _users(wires, (variable.name, 0)):
        taken = dict(moved(wires, reader, operand, shape))
        for port, moves in taken.items():
            if not moves or moves[0].op != "part" or moves[0].numbers[0] != 0:
                return None
            _, begin, end = moves[0].numbers
            if end != begin + 1:
                return None
            kept.add(len(moves) == 1)
            found.setdefault(begin, []).append((reader.name, port))
        if not taken:
            return None
    if len(kept) != 1 or set(found) != set(range(shape[0] or 0)):
        return None
    return [
        _Found(
            found[row], [u.name for o in found[row] for u, _ in _users(wires, o, _SHAPING)], *kept
        )
        for row in sorted(found)
    ]


def _in_order(name: str, found: list[_Found], order: Mapping[str, int]) -> Iterator[Row]:
    first = [min((order[user] for user in one.users), default=len(order)) for one in found]
    places = sorted(range(len(found)), key=lambda row: first[row])
    for row, one in enumerate(found):
        scope = _common_scope(one.users)
        yield Row(f"{name}[{row}]", scope, places.index(row), one.keeps_axis)


def _users(
    wires: Wiring, output: Output, passed: frozenset[str] = frozenset()
) -> Iterator[tuple[Node, int]]:
    """Yields what computes with a value, past ops that pass it on, and of the types `passed`."""
    pending, seen = [output], {output}
    while pending and len(seen) < _MANY:
        for reader, operand in wires.readers(pending.pop()):
            if reader.op not in SAME_VALUE | passed:
                if reader.op not in STATISTICS_OPS:  # as a weight decay
                    yield reader, operand
                continue
            onward = {(reader.name, port) for port in (0, 1)} - seen
            seen |= onward
            pending += onward


def _common_scope(names: list[str]) -> str:
    levels = zip(*(name.split("/")[:-1] for name in names), strict=False)
    return "/".join(level[0] for level in itertools.takewhile(lambda one: len({*one}) == 1, levels))


def _as_variable(variable: Node, row: Row) -> Node:
    _, *rest = variable.shape or ()
    shape: Shape = (1, *rest) if row.keeps_axis else tuple(rest)
    return dataclasses.replace(variable, name=row.name, shape=shape)


def _rewired(nodes: Nodes, outputs: Mapping[Output, Output]) -> dict[str, Node]:
    """Returns the nodes with other inputs in the place of some; what made those reads nothing."""
    makers = {name for name, _ in outputs}
    found = {}
    for node in nodes.values():
        read = list(zip(node.inputs, node.ports, strict=True))
        now = [outputs.get(one, one) for one in read]
        if node.name in makers:
            found[node.name] = dataclasses.replace(node, op="NoOp", inputs=(), ports=())
        elif now != read:
            inputs, ports = (tuple(some) for some in zip(*now, strict=True))
            found[node.name] = dataclasses.replace(node, inputs=inputs, ports=ports)
        else:
            found[node.name] = node
    return found


def _inputs(nodes: Nodes) -> dict[str, tuple[str, ...]]:
    return {name: () if n.op == "NextIteration" else n.inputs for name, n in nodes.items()}
