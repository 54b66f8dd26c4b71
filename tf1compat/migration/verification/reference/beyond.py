"""What a v1 graph goes on to compute of the tensors that are compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from tf1compat.migration.verification.reference.candidates import forward_ops
from tf1compat.migration.verification.reference.cutting import data_inputs
from tf1compat.names.graph_names import op_name
from tf1compat.names.op_types import PASSING_OPS

__all__ = ["ends_beyond"]


def ends_beyond(graph_def: Any, inputs: Iterable[str], outputs: Sequence[str]) -> list[str]:
    """Returns the ops at which ends what the forward pass makes of some of its tensors.

    Those that are no more than such a tensor under another name are left out.

    Args:
      graph_def: a ``GraphDef``.
      inputs: names of the tensors that have a value.
      outputs: names of the tensors.
    """
    nodes = {node.name: node for node in graph_def.node}
    forward = set(forward_ops(graph_def, inputs))
    readers: dict[str, list[str]] = defaultdict(list)
    for name in forward:
        for one in data_inputs(nodes[name]):
            readers[op_name(one)].append(name)
    same = _reached(map(op_name, outputs), readers, only=PASSING_OPS, nodes=nodes)
    beyond = _reached(same, readers, only=None, nodes=nodes) - same
    return [name for name in nodes if name in beyond and not readers[name]]


def _reached(
    names: Iterable[str],
    readers: dict[str, list[str]],
    *,
    only: frozenset[str] | None,
    nodes: dict[str, Any],
) -> set[str]:
    """Returns these ops and all that follow from them, by way of ops of the types `only`."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [r for r in readers[name] if only is None or nodes[r].op in only]
    return found
