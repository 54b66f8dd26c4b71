"""Graphs of quantization-aware training: the ops that round to what integers could hold.

`tf.contrib.quantize` puts them behind weights and activations. A graph that trains moves their
ranges as it computes: the op that changes a range is what the quantization reads.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from tf1compat.migration.verification.reference._protos import behind, pass_on
from tf1compat.names.graph_names import op_name
from tf1compat.names.op_types import (
    PASSING_OPS,
    QUANTIZING_OPS,
    SUBTRACTING_OPS,
    VARIABLE_OPS,
)

__all__ = ["hold_ranges", "in_float", "ranges"]

_CHANGING = SUBTRACTING_OPS | {"Assign", "AssignAdd"}  # a reference variable's: they give its value


def in_float(graph_def: Any) -> tuple[Any, tuple[str, ...]]:
    """Returns the graph with nothing quantized, and what was done; the same graph if nothing is.

    Ranges that are constants are the program's own arithmetic, which a model has too.

    Args:
      graph_def: a ``GraphDef``, which isn't changed.
    """
    changed = copy.deepcopy(graph_def)
    count = 0
    for node in changed.node:
        if node.op in QUANTIZING_OPS:
            count += pass_on(node, node.input[0])
            node.attr.clear()
            node.attr["T"].type = 1  # DT_FLOAT, the only one that is quantized
    if not count:
        return graph_def, ()
    return changed, (
        f"{count} quantizations of the graph (FakeQuant) were left out, as the model has none: "
        "what they round off isn't compared",
    )


def hold_ranges(node: Any, nodes: Mapping[str, Any]) -> int:
    """Lets a quantization read its ranges as they are, in the place of what changes them.

    Returns:
      how many quantizations were changed: one or none.
    """
    moved = 0
    for at in (1, 2) if node.op in QUANTIZING_OPS else ():
        changing = behind(nodes[op_name(node.input[at])], nodes, PASSING_OPS)
        if changing.op in _CHANGING:
            node.input[at], moved = changing.input[0], 1
    return moved


def ranges(graph_def: Any) -> Iterator[str]:
    """Yields the ops of the variables that quantizations have their ranges from."""
    nodes = {node.name: node for node in graph_def.node}
    for node in graph_def.node:
        for tensor in node.input[1:3] if node.op in QUANTIZING_OPS else ():
            held = behind(nodes[op_name(tensor)], nodes, PASSING_OPS | _CHANGING)
            if held.op in VARIABLE_OPS:
                yield held.name
