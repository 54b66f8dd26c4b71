"""Ops that `tf.cond` of 1.x runs on a condition alone."""

from __future__ import annotations

from collections.abc import Mapping

from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.names.op_types import SWITCHING_OPS

__all__ = ["on_a_condition"]

_FINITE = "IsFinite"
_MOST = 1000


def on_a_condition(nodes: Mapping[str, Node], node: Node) -> bool:
    """Tells whether an op runs on a condition alone.

    What an op within `tf.cond` reads comes through switches. One that asks whether numbers are
    finite, as loss scaling does, is no condition here.
    """
    switches = (nodes[name] for name in node.inputs if nodes[name].op in SWITCHING_OPS)
    return any(not _asks_whether_finite(nodes, one.inputs[1]) for one in switches)


def _asks_whether_finite(nodes: Mapping[str, Node], predicate: str) -> bool:
    pending, seen = [predicate], set[str]()
    while pending and len(seen) < _MOST:
        node = nodes[pending.pop()]
        if node.name in seen:
            continue
        seen.add(node.name)
        if node.op == _FINITE:
            return True
        pending += node.inputs
    return False
