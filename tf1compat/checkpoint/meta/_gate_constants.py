"""Constants that a graph adds on the way from a vector to a sigmoid, as cells do to gates."""

from __future__ import annotations

from collections.abc import Mapping

from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._wiring import SAME_VALUE, Output, Wiring
from tf1compat.names.op_types import VARIABLE_OPS

__all__ = ["gate_constants"]

_SUMS = frozenset({"Add", "AddV2"})
_ONWARD = SAME_VALUE | _SUMS | {"Mul", "Sub"}
_MANY = 200  # values that are followed from one vector
_DEEP = 12  # ops between it and the sigmoid, reads and loops included


def gate_constants(nodes: Mapping[str, Node]) -> Mapping[str, float]:
    """Returns what is added to the gates that vectors are part of, by the vectors' names.

    Where it isn't the same everywhere, or no sigmoid comes, a vector is left out.

    Args:
      nodes: the graph's nodes by name.
    """
    if not any(node.op == "Sigmoid" for node in nodes.values()):
        return {}
    wires = Wiring(nodes)
    vectors = (n for n in nodes.values() if n.op in VARIABLE_OPS and len(n.shape or ()) == 1)
    found = {node.name: _added(wires, node) for node in vectors}
    return {name: added.pop() for name, added in found.items() if len(added) == 1}


def _added(wires: Wiring, vector: Node) -> set[float]:
    found: set[float] = set()
    seen: set[Output] = set()
    pending: list[tuple[Output, float, int]] = [((vector.name, 0), 0.0, _DEEP)]
    while pending and len(seen) < _MANY:
        output, constant, left = pending.pop()
        if output in seen or not left:
            continue
        seen.add(output)
        for node, operand in wires.readers(output):
            if node.op == "Sigmoid":
                found.add(constant)
            elif node.op in _ONWARD:
                more = _constant(wires, node, 1 - operand) if node.op in _SUMS else 0.0
                ports = (0, 1) if "Switch" in node.op else (0,)
                pending += [((node.name, port), constant + more, left - 1) for port in ports]
    return found


def _constant(wires: Wiring, node: Node, operand: int) -> float:
    """Returns the constant that a summand is, or has been added to."""
    numbers = wires.numbers(node, operand)
    if numbers is not None and len(numbers) == 1:
        return float(numbers[0])
    # 1.15 adds forget_bias to the gate before it adds what the memory gives through a peephole.
    other = wires.source(node, operand)
    if other is None or other.op not in _SUMS:
        return 0.0
    both = (wires.numbers(other, place) for place in (0, 1))
    return next((float(one[0]) for one in both if one is not None and len(one) == 1), 0.0)
