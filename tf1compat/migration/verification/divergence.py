"""The first layer whose output differs from the v1 graph's, where the outputs differ at all.

A layer of the Keras model and the scopes of its sources are paired by the plan. A layer agrees if
its output equals any tensor that the v1 graph computes in those scopes or right after them (an
activation is part of a Keras layer, and often stands outside the v1 scope).
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint import Entry, open_checkpoint
from tf1compat.keras3 import ModelIndex, layer_outputs
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.verification._both_sides import stand_ins, variable_values
from tf1compat.migration.verification._recorded_feeds import recorded_feeds
from tf1compat.migration.verification.outputs import OutputDifference, Recording, output_difference
from tf1compat.migration.verification.reference.candidates import forward_ops, tensors_of
from tf1compat.migration.verification.reference.channel_order import turned
from tf1compat.migration.verification.reference.graph_file import GraphFile, graph_beside
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph
from tf1compat.names.graph_names import op_name
from tf1compat.printable import printable_name

__all__ = ["Divergence", "diverging_pair", "first_difference", "first_pair"]

_HOPS = 3  # ops after a scope that may still belong to the layer: bias, activation, reshape


@dataclasses.dataclass(frozen=True)
class Divergence:
    """The first layer whose output no tensor of the v1 graph equals.

    Attributes:
      layer: path of the Keras layer.
      tensor: the tensor of the v1 graph, among those of the layer's sources, that is nearest.
      difference: how far they are apart.
    """

    layer: str
    tensor: str
    difference: OutputDifference

    def __str__(self) -> str:
        one = self.difference
        return printable_name(
            f"{self.layer}, whose nearest tensor of the v1 graph is {self.tensor}: "
            f"max abs {one.max_abs:.3g}, max rel {one.max_rel:.3g}"
        )

    def record(self) -> dict[str, Any]:
        """Returns what JSON holds of it."""
        apart = self.difference.record()
        return {"layer": self.layer, "tensor": apart.pop("name"), **apart}


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
    found = first_pair(plan, index, prefix=prefix, recording=recording, tolerance=tolerance)
    return found.layer if found else ""


def first_pair(
    plan: Plan,
    index: ModelIndex,
    *,
    prefix: str | os.PathLike[str],
    recording: Recording,
    tolerance: float,
) -> Divergence | None:
    """Returns the layer of :func:`first_difference` with the tensor that it should have equalled.

    Arguments are the same, but that recorded inputs may also go by the model's names, or in its
    order.
    """
    checkpoint = open_checkpoint(prefix)
    graph = graph_beside(checkpoint)
    return diverging_pair(
        plan,
        index,
        graph,
        checkpoint=checkpoint,
        inputs=recorded_feeds(graph, index, recording.inputs),
        layers=layer_outputs(index, recording.inputs),
        tolerance=tolerance,
    )


def diverging_pair(
    plan: Plan,
    index: ModelIndex,
    graph: GraphFile,
    *,
    checkpoint: Mapping[str, Entry],
    inputs: Mapping[str, np.ndarray],
    layers: Mapping[str, Sequence[np.ndarray]],
    tolerance: float,
    sources: Mapping[str, np.ndarray] | None = None,
) -> Divergence | None:
    """Returns the first layer that no v1 tensor equals; None where none could be paired, or all do.

    Args:
      plan: says which scopes are which layers.
      index: the model's index.
      graph: the v1 graph.
      checkpoint: the open checkpoint.
      inputs: what the graph is given, by tensor name.
      layers: what each layer computed, in the model's order.
      tolerance: largest difference relative to the tensor's largest value.
      sources: values of sources with which it computed that; by default the checkpoint's.
    """
    scopes = _scopes_by_layer(plan, index)
    names = _names_by_scope(graph, inputs, scopes.values())
    wanted = list(dict.fromkeys(name for some in names.values() for name in some))
    if not wanted:
        return None
    reference = ReferenceGraph(graph, wanted, fed=inputs)
    used = stand_ins(plan, checkpoint, reference.variables)
    values = variable_values(used, checkpoint, {} if sources is None else sources)
    tensors = reference.run_what_runs(inputs, values, only=reference.floating())
    for layer, outputs in layers.items():
        near = {name for scope in scopes.get(layer, ()) for name in names.get(scope, ())}
        expected = {name: tensors[name] for name in tensors if name in near}
        for output in outputs:
            found = _nearest(output, expected)
            if found is not None and not found.within(tolerance):
                return Divergence(layer, found.name, found)
    return None


def _scopes_by_layer(plan: Plan, index: ModelIndex) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for fill in plan.fills:
        scopes = found.setdefault(index[fill.target].layer_path, {})
        scopes.update((source.rpartition("/")[0], None) for source in fill.sources)
    return {layer: tuple(scopes) for layer, scopes in found.items()}


def _nearest(output: np.ndarray, tensors: Mapping[str, np.ndarray]) -> OutputDifference | None:
    """Returns the difference from the nearest tensor; None where none has as many elements.

    1.x's programs fold the axes of a batch and of a sequence into one, so shapes may differ.
    """
    arranged = {
        name: turned(output, tensor.shape).reshape(tensor.shape)
        for name, tensor in tensors.items()
        if tensor.size == output.size and output.dtype.kind in "fV"
    }
    gaps = [output_difference(name, tensors[name], value) for name, value in arranged.items()]
    return min(gaps, key=lambda gap: gap.max_rel) if gaps else None


def _names_by_scope(
    graph: GraphFile, inputs: Mapping[str, np.ndarray], scopes: Iterable[Sequence[str]]
) -> dict[str, list[str]]:
    """Returns, by scope, the tensors that the v1 graph computes there for the inputs."""
    runnable = dict.fromkeys(forward_ops(graph.graph_def, inputs))
    distinct = {scope for group in scopes for scope in group}
    nodes = {node.name: node for node in graph.graph_def.node}
    return {
        scope: [t for op in _near(graph.graph_def, scope, runnable) for t in tensors_of(nodes[op])]
        for scope in distinct
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
