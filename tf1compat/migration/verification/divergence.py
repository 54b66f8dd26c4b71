"""The first layer whose output differs from the v1 graph's, where the outputs differ at all.

A layer of the Keras model and the scopes of its sources are paired by the plan. A layer agrees if
its output equals any tensor that the v1 graph computes in those scopes or right after them (an
activation is part of a Keras layer, and often stands outside the v1 scope).
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint import open_checkpoint
from tf1compat.keras3 import ModelIndex, layer_outputs
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.verification.outputs import Recording
from tf1compat.migration.verification.reference.candidates import forward_ops
from tf1compat.migration.verification.reference.graph import ReferenceGraph
from tf1compat.migration.verification.reference.graph_file import graph_beside
from tf1compat.names.graph_names import op_name

__all__ = ["first_difference"]

_HOPS = 3  # ops after a scope that may still belong to the layer: bias, activation, reshape


def first_difference(
    plan: Plan,
    index: ModelIndex,
    *,
    prefix: str | os.PathLike[str],
    recording: Recording,
    tolerance: float,
) -> str:
    """Returns the path of the first layer, in the model's order, that no v1 tensor equals.

    Returns "" if every layer that could be paired agrees, or none could be paired.

    Args:
      plan: the plan that filled the model.
      index: the index of the filled model.
      prefix: the checkpoint's prefix, with a graph beside it.
      recording: inputs by tensor name of the v1 graph, in the model's order.
      tolerance: largest difference relative to the layer's largest output.
    """
    scopes = _scopes_by_layer(plan, index)
    candidates = _v1_tensors(prefix, recording.inputs, scopes.values())
    for layer, values in layer_outputs(index, recording.inputs).items():
        expected = [t for scope in scopes.get(layer, ()) for t in candidates.get(scope, ())]
        if expected and not all(any(_close(v, t, tolerance) for t in expected) for v in values):
            return layer
    return ""


def _scopes_by_layer(plan: Plan, index: ModelIndex) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for fill in plan.fills:
        scopes = found.setdefault(index[fill.target].layer_path, {})
        scopes.update((source.rpartition("/")[0], None) for source in fill.sources)
    return {layer: tuple(scopes) for layer, scopes in found.items()}


def _close(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    if a.shape != b.shape or a.dtype.kind != "f" or b.dtype.kind != "f":
        return False
    scale = float(np.abs(b).max(initial=0.0)) or 1.0
    return bool(np.abs(a.astype(np.float64) - b).max(initial=0.0) <= tolerance * scale)


def _v1_tensors(
    prefix: str | os.PathLike[str],
    inputs: Mapping[str, np.ndarray],
    scopes: Iterable[Sequence[str]],
) -> dict[str, list[np.ndarray]]:
    """Returns, by scope, every floating tensor that the v1 graph computes there for the inputs."""
    checkpoint = open_checkpoint(prefix)
    graph = graph_beside(checkpoint)
    runnable = dict.fromkeys(forward_ops(graph.graph_def, inputs))
    distinct = {scope for group in scopes for scope in group}
    near = {scope: _near(graph.graph_def, scope, runnable) for scope in distinct}
    names = list(dict.fromkeys(f"{name}:0" for ops in near.values() for name in ops))
    if not names:
        return {}
    reference = ReferenceGraph(graph, names, fed=inputs)
    values = reference.run(inputs, reference.values(checkpoint), only=reference.floating())
    return {
        scope: [values[f"{name}:0"] for name in ops if f"{name}:0" in values]
        for scope, ops in near.items()
    }


def _near(graph_def: Any, scope: str, runnable: Container[str]) -> list[str]:
    """Returns the ops of a scope, and the few right after them."""
    found = [n.name for n in graph_def.node if n.name.startswith(f"{scope}/")]
    found = [name for name in found if name in runnable]
    front = found
    for _ in range(_HOPS):
        before = set(front)
        front = [
            node.name
            for node in graph_def.node
            if node.name in runnable and any(op_name(one) in before for one in node.input)
        ]
        found = [*found, *front]
    return list(dict.fromkeys(found))
