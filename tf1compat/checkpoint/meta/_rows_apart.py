"""Variables that hold a row for each of several layers: which row the graph uses where."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint.meta._moves import moved
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._wiring import SAME_VALUE, Output, Wiring
from tf1compat.checkpoint.meta.using import Move, Shape
from tf1compat.names.op_types import STATISTICS_OPS, VARIABLE_OPS

__all__ = ["rows_apart"]

_MOST_ROWS = 512  # layers
_MANY = 10_000  # values that are followed from one variable
_SHAPING = frozenset({"Squeeze", "ExpandDims", "Reshape"})


def rows_apart(nodes: Mapping[str, Node]) -> Mapping[str, tuple[str, ...]]:
    """Returns, for each variable of which rows alone are used, the scope that uses each row.

    All rows along the first axis have to be taken, one at a time and by constant numbers; what is
    also read as a whole is no such variable.

    Args:
      nodes: the graph's nodes by name.
    """
    wires = Wiring(nodes)
    found = {}
    for node in nodes.values():
        shape = node.shape or ()
        if node.op in VARIABLE_OPS and len(shape) > 1 and 1 < (shape[0] or 0) <= _MOST_ROWS:
            scopes = _scopes(wires, node, shape)
            if scopes is not None:
                found[node.name] = scopes
    return found


def _scopes(wires: Wiring, variable: Node, shape: Shape) -> tuple[str, ...] | None:
    """Returns the scope of what uses each row; None where something uses more than a row."""
    users: dict[int, list[str]] = {}
    for reader, operand in _users(wires, (variable.name, 0)):
        taken = dict(moved(wires, reader, operand, shape))
        rows = {port: _row(moves) for port, moves in taken.items()}
        if not rows or None in rows.values():
            return None
        for port, row in rows.items():
            names = [user.name for user, _ in _users(wires, (reader.name, port), _SHAPING)]
            users.setdefault(row or 0, []).extend(names)
    if set(users) != set(range(shape[0] or 0)):
        return None
    return tuple(_common_scope(users[row]) for row in sorted(users))


def _row(moves: tuple[Move, ...]) -> int | None:
    """Returns the number of the row that an op takes; None if it does anything else."""
    if not moves or moves[0].op != "part":
        return None
    axis, begin, end = moves[0].numbers
    return begin if axis == 0 and end == begin + 1 else None


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
