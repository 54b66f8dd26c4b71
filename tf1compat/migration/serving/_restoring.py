"""Whether the saver of a graph restores the values that stand beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tf1compat.checkpoint import Checkpoint
from tf1compat.errors import Problem, UsageError
from tf1compat.migration.serving._constant_texts import constant_texts
from tf1compat.names.graph_names import op_name

__all__ = ["require_restored"]

_OLD = frozenset(("Restore", "RestoreSlice"))  # these read V1 files alone
_NAMES = 1  # which input of RestoreV2 has the names


def require_restored(meta_graph: Any, checkpoint: Checkpoint, variables: Iterable[str]) -> None:
    """Raises UsageError where loading a SavedModel wouldn't restore what it computes with.

    Args:
      meta_graph: a ``MetaGraphDef``.
      checkpoint: what its values are made of.
      variables: names of those that the outputs need.
    """
    path = checkpoint.graph_path
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    start = op_name(meta_graph.saver_def.restore_op_name)
    if start not in nodes:
        raise UsageError(
            f"{path}: expected a graph with a saver, which a SavedModel restores its values by, "
            "found none; write a checkpoint"
        )
    ops = list(_behind(start, nodes))
    if old := [node.name for node in ops if node.op in _OLD]:
        raise UsageError(
            f"{path}: expected a saver that reads V2 files, which a SavedModel has, found "
            f"{old[0]}, of TensorFlow 0.x, which reads V1 files alone; write a checkpoint"
        )
    restored = {name for node in ops if node.op == "RestoreV2" for name in _names(node, nodes)}
    stored = {entry.stored_key for entry in checkpoint.values()}
    problems = [
        *(Problem(name, "a value", "none in the checkpoint") for name in sorted(restored - stored)),
        *(Problem(name, "to be restored", "not") for name in variables if name not in restored),
    ]
    if problems:
        raise UsageError.from_problems(
            f"{path}: its saver doesn't restore what it would serve; write a checkpoint:", problems
        )


def _behind(start: str, nodes: Any) -> Iterator[Any]:
    """Yields an op and all that it runs."""
    waiting, seen = [start], set()
    while waiting:
        name = waiting.pop()
        if name not in seen and name in nodes:
            seen.add(name)
            yield nodes[name]
            waiting += map(op_name, nodes[name].input)


def _names(node: Any, nodes: Any) -> list[str]:
    names = constant_texts(nodes.get(op_name(node.input[_NAMES])) if node.input[_NAMES:] else None)
    if names is None:
        raise UsageError(
            f"{node.name}: expected constant names of what it restores, found others; write a "
            "checkpoint"
        )
    return names
