"""Dtypes and shapes of tensors as a graph's file says them, for want of a TensorFlow that infers.

Savers of 1.x write each op's shapes with its node, and with the graph what its ops give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tf1compat.migration.verification.reference._protos import dtype_of, sizes_of
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.signatures import OutputSpec
from tf1compat.names.graph_names import tensor_name

__all__ = ["told_by_file"]

_SHAPES = "_output_shapes"
_REFERENCE = "_ref"


def told_by_file(graph: GraphFile, ops: Sequence[str]) -> tuple[OutputSpec, ...]:
    """Returns the first outputs of some ops; without a dtype where it or the shape isn't told."""
    nodes = {node.name: node for node in graph.graph_def.node}
    known = {one.name: one for one in graph.meta_graph.meta_info_def.stripped_op_list.op}
    return tuple(_told(tensor_name(op), nodes[op], known.get(nodes[op].op)) for op in ops)


def _told(name: str, node: Any, op: Any) -> OutputSpec:
    shapes = node.attr[_SHAPES].list.shape if _SHAPES in node.attr else ()  # asking would add it
    if op is None or not op.output_arg or not shapes:
        return OutputSpec(name, "", None)
    dtype = dtype_of(_dtype(node, op)).removesuffix(_REFERENCE)
    return OutputSpec(name, dtype, sizes_of(shapes[0]))


def _dtype(node: Any, op: Any) -> int:
    """Returns the DataType of an op's first output: its own, or that of an attribute."""
    first = op.output_arg[0]
    by = first.type_attr or first.type_list_attr
    if not by:
        return int(first.type)
    usual = next((one.default_value for one in op.attr if one.name == by), None)
    told = node.attr.get(by, usual)  # what is the usual one may be stripped
    if told is None:
        return 0
    return int(next(iter(told.list.type), 0) if first.type_list_attr else told.type)
