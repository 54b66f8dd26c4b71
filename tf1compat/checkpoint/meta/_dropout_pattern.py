"""Dropout as graphs of several versions have it: a scale, and a mask of random numbers."""

from __future__ import annotations

from tf1compat.checkpoint.meta._forward_pass import ADDS, ForwardPass
from tf1compat.checkpoint.meta._node_def import Node

__all__ = ["dropped_out"]

_MASKING = frozenset({"Mul", "Select", "SelectV2"})
_MASK = ADDS | {"Cast", "Floor", "GreaterEqual", "Mul", "Sub", "Identity", "LogicalNot", "Less"}
_DEEP = 7


def dropped_out(graph: ForwardPass, name: str) -> tuple[str, float | None, frozenset[str]] | None:
    """Returns where a value goes on behind its dropout; None where it has none.

    With the name of that node come the rate, None if it isn't a constant, and the names of the
    ops that make it up.
    """
    for reader in graph.readers(name):
        if reader.op in ("Mul", "RealDiv", "Div"):
            for masking in graph.readers(reader.name):
                if found := _masked(graph, masking, reader.name):
                    return masking.name, found[0], frozenset({reader.name, masking.name})
        if found := _masked(graph, reader, name):
            return _scaled(graph, reader, found[0])
    return None


def _scaled(
    graph: ForwardPass, masking: Node, rate: float | None
) -> tuple[str, float | None, frozenset[str]]:
    """A mask may come before the scale."""
    for reader in graph.readers(masking.name):
        others = [one for one in reader.inputs if one != masking.name]
        if reader.op in ("Mul", "RealDiv") and others and graph.is_constant(others[0]):
            return reader.name, rate, frozenset({reader.name, masking.name})
    return masking.name, rate, frozenset({masking.name})


def _masked(graph: ForwardPass, node: Node, name: str) -> tuple[float | None] | None:
    """Returns the rate, in a tuple, if a node masks a value at random."""
    if node.op not in _MASKING:
        return None
    for one in node.inputs:
        if one != name and (found := _mask(graph, one, _DEEP)):
            return found
    return None


def _mask(graph: ForwardPass, name: str, depth: int) -> tuple[float | None] | None:
    """Returns the rate, in a tuple, if a value is a mask of random numbers."""
    node = graph.nodes[name]
    if not depth or node.op not in _MASK:
        return None
    numbers = [n for one in node.inputs for n in graph.numbers(one)[:1]]
    if node.op == "GreaterEqual":
        random = any(_is_random(graph, one, depth) for one in node.inputs)
        return ((_rounded(numbers[0]) if numbers else None),) if random else None
    if node.op == "Floor":  # of the share that is kept and a random number
        total = graph.nodes[node.inputs[0]]
        kept = [n for one in total.inputs for n in graph.numbers(one)[:1]]
        random = any(_is_random(graph, one, depth) for one in total.inputs)
        return ((_rounded(1 - kept[0]) if kept else None),) if random else None
    found = [_mask(graph, one, depth - 1) for one in node.inputs[:1]]
    return found[0] if found else None


def _is_random(graph: ForwardPass, name: str, depth: int) -> bool:
    node = graph.nodes[name]
    if "RandomUniform" in node.op:
        return True
    return (
        node.op in _MASK
        and depth > 0
        and graph.once(
            ("random", name, depth),
            lambda: any(_is_random(graph, one, depth - 1) for one in node.inputs),
        )
    )


def _rounded(rate: float) -> float:
    return round(rate, 6)
