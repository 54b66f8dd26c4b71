"""What else than steps changes variables that a graph trains: decays, constraints, copies."""

from __future__ import annotations

from tf1compat.checkpoint.meta._expressions import Expressions
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta.scalars import Tensor

__all__ = ["other_changes"]

_MOST = 500  # ops looked at behind what is assigned
_ASSIGNING = frozenset({"Assign", "AssignVariableOp"})


def other_changes(read: Expressions, variable: str, steps: frozenset[str]) -> tuple[str, ...]:
    """Returns the ops that compute a variable's value from the one before, and are no steps.

    Initial values, and what is restored or fed, are none. Returned are their types.

    Args:
      read: the graph's tensors.
      variable: which.
      steps: names of the ops that are steps on it.
    """
    found = (
        node.op
        for node in read.changes(variable)
        if node.name not in steps and _is_of_itself(read, node, variable)
    )
    return tuple(dict.fromkeys(found))


def _is_of_itself(read: Expressions, node: Node, variable: str) -> bool:
    if node.op not in _ASSIGNING:
        return True
    pending: list[Tensor] = list(read.inputs(node)[1:2])
    seen: set[str] = set()
    while pending and len(seen) < _MOST:
        tensor = pending.pop()
        if tensor[0] in seen:
            continue
        seen.add(tensor[0])
        if read.variable(tensor) == variable:
            return True
        pending += read.inputs(read.node(tensor))
    return False
