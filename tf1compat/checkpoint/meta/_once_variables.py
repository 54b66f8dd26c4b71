"""Which constants of a graph were variables before it was frozen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from tf1compat.checkpoint.meta._attributes import classes
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.names.op_types import VARIABLE_OPS
from tf1compat.names.roles import role_of

__all__ = ["once_variables"]

_READ = re.compile(r"ReadVariableOp(_\d+)?")
_PART = re.compile(r"part_\d+")
_COUNTED = re.compile(r"\d+")
_LOOKUPS = ("GatherV2", "GatherNd")  # what were ResourceGather and ResourceGatherNd
_PASSING = ("Enter", "RefEnter", "Switch")
_FLOATING = (1, 2, 14, 19)  # DataTypes: float, double, bfloat16, half
# Inputs that take weights, of graphs whose reads were optimized away.
_WEIGHTS = {
    "BatchNormWithGlobalNormalization": (1, 2, 3, 4),
    "BiasAdd": (1,),
    "Conv2D": (1,),
    "Conv2DBackpropInput": (1,),
    "Conv3D": (1,),
    "Conv3DBackpropInputV2": (1,),
    "DepthwiseConv2dNative": (1,),
    "FusedBatchNorm": (1, 2, 3, 4),
    "FusedBatchNormV2": (1, 2, 3, 4),
    "FusedBatchNormV3": (1, 2, 3, 4),
    "Gather": (0,),
    "GatherV2": (0,),
    "MatMul": (1,),
}


def once_variables(nodes: Mapping[str, Node]) -> tuple[str, ...]:
    """Returns the names of a graph's constants that were variables, in its order.

    `convert_variables_to_constants` of 1.15 leaves what read them: ``w/read``, an ``Identity`` that
    was a ``ReadVariableOp``, or an op that is placed with ``w``. Where no reads are there, for the
    graph was optimized afterwards, they are the constants that ops take as weights, or that are
    called as weights are. A graph that has variables wasn't frozen.
    """
    if any(node.op in VARIABLE_OPS for node in nodes.values()):
        return ()
    constants = {name for name, node in nodes.items() if node.op == "Const"}
    found = {*_taken(nodes, constants, _reads)}
    more = {*_taken(nodes, constants, _is_placed_with)}
    if not found:
        more |= {*_used_as_weights(nodes.values(), constants)}
        more |= {name for name in constants if _is_called_so(nodes[name])}
    return tuple(name for name in nodes if name in found | more)


def _taken(
    nodes: Mapping[str, Node], constants: set[str], how: Callable[[Node, str], bool]
) -> Iterator[str]:
    """Yields the constants that a node takes so."""
    for node in nodes.values():
        for name in node.inputs:
            source = _passed(nodes, name)
            if source in constants and how(node, source):
                yield source


def _passed(nodes: Mapping[str, Node], name: str) -> str:
    """Returns the name of what an op passes on into a loop or a branch."""
    node = nodes.get(name)
    return node.inputs[0] if node is not None and node.op in _PASSING and node.inputs else name


def _reads(node: Node, constant: str) -> bool:
    scope, _, leaf = constant.rpartition("/")
    if node.op in _LOOKUPS:  # TensorFlow 2 calls a table by the number of its handle
        return scope == node.name and _COUNTED.fullmatch(leaf) is not None
    leaf = node.name.rpartition("/")[2]
    named = node.name == f"{constant}/read" or _READ.fullmatch(leaf) is not None
    return node.op == "Identity" and named


def _is_placed_with(node: Node, constant: str) -> bool:
    return f"loc:@{constant}" in classes(node)


def _is_called_so(node: Node) -> bool:
    scope, _, leaf = node.name.rpartition("/")
    called = role_of(leaf, scope) != "unknown" or _PART.fullmatch(leaf) is not None
    return node.dtype in _FLOATING and called


def _used_as_weights(nodes: Iterable[Node], constants: set[str]) -> Iterator[str]:
    for node in nodes:
        taken = _WEIGHTS.get(node.op, ())
        yield from (n for place, n in enumerate(node.inputs) if place in taken and n in constants)
