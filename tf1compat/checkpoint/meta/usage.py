"""Every way in which a graph uses its variables, in the vocabulary of :mod:`.using`."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping

from tf1compat.budget import Budget
from tf1compat.checkpoint.meta._consuming import Consumption, consumption
from tf1compat.checkpoint.meta._graph_def import parse_graph
from tf1compat.checkpoint.meta._inlining import inlined
from tf1compat.checkpoint.meta._moves import axes_before, moved
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._recurrence import Piece, gated_pieces, gates_in_order
from tf1compat.checkpoint.meta._wiring import SAME_VALUE, Output, Wiring
from tf1compat.checkpoint.meta.using import FORGET, Fact, Move, Use, distinct
from tf1compat.names.op_types import STATISTICS_OPS, VARIABLE_OPS
from tf1compat.names.parse import split_part

__all__ = ["nodes_usage", "read_usage"]

_MANY = 400  # reads of one variable that are looked at
_PASSED_OVER = STATISTICS_OPS | {
    "VariableShape",
    "Size",
    "Rank",
    "NextIteration",
    "LoopCond",
    "NoOp",
}

Usage = Mapping[str, tuple[Use, ...]]


def read_usage(graph_def: bytes, names: Mapping[str, str]) -> Usage:
    """Returns the uses of what some nodes of a graph hold.

    Args:
      graph_def: a serialized GraphDef.
      names: by the name of a node, such as a placeholder, what to call it.

    Raises:
      WireError: it isn't a GraphDef.
    """
    budget = Budget("a traced graph", len(graph_def))
    nodes = inlined(parse_graph(memoryview(graph_def), budget), budget)
    found = _Finder(Wiring(nodes))
    uses: dict[str, list[Use]] = defaultdict(list)
    for node, name in names.items():
        if node in nodes:
            uses[name] += found.uses(nodes[node])
    return {name: distinct(some) for name, some in uses.items()}


def nodes_usage(nodes: Mapping[str, Node]) -> Usage:
    """Returns the uses of a v1 graph's variables; a partitioned one by the name of the whole.

    Args:
      nodes: the graph's nodes by name, with functions in the place of their calls.
    """
    found = _Finder(Wiring(nodes))
    uses: dict[str, list[Use]] = defaultdict(list)
    for node in nodes.values():
        if node.op in VARIABLE_OPS:
            uses[split_part(node.name)[0]] += found.uses(node)
    return {name: distinct(some) for name, some in uses.items()}


class _Finder:
    def __init__(self, wires: Wiring) -> None:
        self._wires = wires

    def uses(self, variable: Node) -> list[Use]:
        """Returns the uses of a variable; those of its parts are put together."""
        found: dict[object, list[tuple[Use, list[Piece], int]]] = defaultdict(list)
        for node, operand, moves in self._ends(variable):
            use, pieces, size = self._use(node, operand, moves, variable)
            key = (use.kind, use.axes, tuple(sorted(use.facts.items())), _other_parts(use))
            found[key].append((use, pieces, size))
        return [_joined(group) for group in found.values()]

    def _ends(self, variable: Node) -> Iterator[tuple[Node, int, tuple[Move, ...]]]:
        """Yields what computes with a variable, and what happens to its value on the way there."""
        pending: list[tuple[Output, tuple[Move, ...]]] = [((variable.name, 0), ())]
        seen: set[Output] = set()
        shape = variable.shape
        if shape is None:
            return
        while pending and len(seen) < _MANY:
            output, moves = pending.pop()
            if output in seen:
                continue
            seen.add(output)
            now = moves[-1].after if moves else shape
            for node, operand in self._wires.readers(output):
                if node.op in SAME_VALUE:
                    if operand == 0 or "Merge" in node.op:
                        ports = (0, 1) if "Switch" in node.op else (0,)
                        pending += [((node.name, port), moves) for port in ports]
                    continue
                further = list(moved(self._wires, node, operand, now))
                pending += [((node.name, port), (*moves, *more)) for port, more in further]
                if not further and node.op not in _PASSED_OVER:
                    yield node, operand, moves

    def _use(
        self, node: Node, operand: int, moves: tuple[Move, ...], variable: Node
    ) -> tuple[Use, list[Piece], int]:
        shape = moves[-1].after if moves else variable.shape or ()
        what = consumption(self._wires, node, operand, shape)
        axes = axes_before(what.axes, moves)
        facts = _space_facts(what, axes)
        use = Use(what.kind, node.op, operand, moves, _numbered(axes), facts, what.gates)
        size = (variable.shape or (0,))[-1] or 0
        last = axes[-1] if axes else ""
        if what.gates or last not in ("out", "channel") or not size:
            return use, [], size
        begin, end = _own_part(use, size, len(variable.shape or ()) - 1)
        return use, list(gated_pieces(self._wires, (node.name, 0), begin, end)), size


def _own_part(use: Use, size: int, last: int) -> tuple[int, int]:
    """Returns which part of the variable's last axis is used."""
    for move in use.moves:
        if move.op == "part" and move.numbers[0] == len(move.before) - 1 and last >= 0:
            return move.numbers[1], move.numbers[2]
    return 0, size


def _other_parts(use: Use) -> tuple[object, ...]:
    """Returns the parts of other axes than the last, which belong to other uses."""
    parts = (m for m in use.moves if m.op == "part")
    return tuple(m.numbers for m in parts if m.numbers[0] != len(m.before) - 1)


def _joined(group: list[tuple[Use, list[Piece], int]]) -> Use:
    use, _, size = group[0]
    pieces = [piece for _, some, _ in group for piece in some]
    constants = {p.constant for p in pieces if p.gate == FORGET}
    told = gates_in_order(pieces, size) if len(constants) < 2 else ()
    gates = use.gates or told
    facts = dict(use.facts)
    if gates and any(constants):
        facts["forget_bias"] = constants.pop()
    return dataclasses.replace(use, gates=gates, facts=facts)


def _space_facts(what: Consumption, axes: tuple[str, ...]) -> dict[str, Fact]:
    """Returns the facts with those of each space axis for the variable's own axes alone."""
    facts: dict[str, Fact] = dict(what.facts)
    spaces = [int(axis[5:]) for axis in axes if axis.startswith("space") and axis[5:].isdigit()]
    for key in ("strides", "dilations"):
        given = facts.get(key)
        if isinstance(given, tuple) and given and axes:
            facts[key] = tuple(given[space] for space in spaces if space < len(given))
    return facts


def _numbered(axes: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the axes with space axes counted from 0, of which some may not be the variable's."""
    spaces = sorted({axis for axis in axes if axis.startswith("space") and axis[5:].isdigit()})
    return tuple(f"space{spaces.index(axis)}" if axis in spaces else axis for axis in axes)
