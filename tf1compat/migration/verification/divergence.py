"""The first layer whose output differs from the v1 graph's, where the outputs differ at all.

A layer of the Keras model and the scopes of its sources are paired by the plan. A layer agrees if
its output equals any tensor that the v1 graph computes in those scopes or right after them (an
activation is part of a Keras layer, and often stands outside the v1 scope).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.keras3 import ModelIndex, layer_outputs
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.verification.outputs import Recording
from tf1compat.migration.verification.v1_graph import run_graph

__all__ = ["first_difference"]

_HOPS = 3  # ops after a scope that may still belong to the layer: bias, activation, reshape
_SKIPPED = ("gradients", "save", "Adam", "ExponentialMovingAverage")


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
      prefix: the checkpoint's prefix, with a ``.meta`` beside it.
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
    distinct = {scope for group in scopes for scope in group}

    def in_scopes(graph: Any, feeds: Mapping[Any, np.ndarray]) -> dict[str, Any]:
        runnable = _runnable(graph, feeds)
        return {scope: _near(graph, scope, runnable) for scope in distinct}

    return run_graph(prefix, f"{os.fspath(prefix)}.meta", inputs=inputs, choose=in_scopes)


def _runnable(graph: Any, feeds: Mapping[Any, Any]) -> set[Any]:
    """Returns the ops that the inputs reach, that need no other placeholder, outside of loops."""
    fed = {tensor.op for tensor in feeds}
    good: set[Any] = set()
    reached = set(fed)
    for op in graph.get_operations():  # in order of creation: inputs come first
        if op in fed:
            good.add(op)
            continue
        if op.type in ("Placeholder", "Enter", "RefEnter", "NextIteration", "QueueDequeueV2"):
            continue
        if any(part in _SKIPPED for part in op.name.split("/")):
            continue
        sources = [tensor.op for tensor in op.inputs]
        if all(source in good for source in sources):
            good.add(op)
            if any(source in reached for source in sources):
                reached.add(op)
    return good & reached


def _near(graph: Any, scope: str, runnable: set[Any]) -> list[Any]:
    ops = [op for op in graph.get_operations() if op.name.startswith(f"{scope}/")]
    ops = [op for op in ops if op in runnable]
    front = ops
    for _ in range(_HOPS):
        front = [c for op in front for t in op.outputs for c in t.consumers() if c in runnable]
        ops = [*ops, *front]
    names = dict.fromkeys(t.name for op in ops for t in op.outputs if t.dtype.is_floating)
    return [graph.get_tensor_by_name(name) for name in names]
