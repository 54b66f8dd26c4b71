"""Tensors of a v1 graph that may be outputs: what its forward pass computes from its inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from tf1compat.migration.verification.reference._safe_ops import INPUT_OPS, SAFE_OPS
from tf1compat.migration.verification.reference.cutting import op_name
from tf1compat.names.op_types import VARIABLE_OPS

__all__ = ["forward_ops"]

_WITHIN = {"Enter": frozenset(("loop",)), "Switch": frozenset(("branch",))}
_AFTER = {"Exit": frozenset(("loop", "branch")), "Merge": frozenset(("branch",))}
_GRADIENTS = re.compile(r"(^|/)(\w*_)?gradients?(_\d+)?(/|$)")


def forward_ops(graph_def: Any, inputs: Iterable[str]) -> Sequence[str]:
    """Returns the ops that compute with both inputs and variables, harmless ones outside of loops.

    Args:
      graph_def: a ``GraphDef``.
      inputs: names of the tensors that have a value; other placeholders have none.

    Returns:
      names of ops, in the graph's order.
    """
    given = set(map(op_name, inputs))
    nodes = {node.name: node for node in graph_def.node}
    depends: dict[
        str, frozenset[str] | None
    ] = {}  # on "input" and "variable"; None if it can't run
    for name in _ordered(nodes):
        depends[name] = _depends(nodes[name], depends, given)
    return [name for name in nodes if depends[name] == frozenset(("input", "variable"))]


def _depends(
    node: Any, known: dict[str, frozenset[str] | None], given: set[str]
) -> frozenset[str] | None:
    if node.name in given:
        return frozenset(("input",))
    if node.op in VARIABLE_OPS:
        return frozenset(("variable",))
    if node.op not in SAFE_OPS or _GRADIENTS.search(node.name):
        return None
    if node.op in INPUT_OPS and node.op != "PlaceholderWithDefault":
        return None
    found: set[str] = set()
    for one in node.input:
        if not one.startswith("^"):
            part = known.get(op_name(one), frozenset())  # what a loop brings back is known later
            if part is None:
                return None
            found |= part
    # Within a loop, and in a branch that isn't taken, an op has no value that could be fetched.
    found |= _WITHIN.get(node.op.removeprefix("Ref"), frozenset())
    return frozenset(found) - _AFTER.get(node.op.removeprefix("Ref"), frozenset())


def _ordered(nodes: dict[str, Any]) -> list[str]:
    """Returns the names with inputs first; a loop is cut at its ``NextIteration``."""
    order: list[str] = []
    state: dict[str, int] = {}
    for root in nodes:
        stack = [root]
        while stack:
            name = stack[-1]
            if state.get(name) == 2:
                stack.pop()
            elif state.get(name) == 1:
                state[name] = 2
                order.append(name)
                stack.pop()
            else:
                state[name] = 1
                node = nodes[name]
                if node.op not in ("NextIteration", "RefNextIteration"):
                    inputs = [op_name(i) for i in node.input if not i.startswith("^")]
                    stack.extend(i for i in inputs if i in nodes and i not in state)
    return order
