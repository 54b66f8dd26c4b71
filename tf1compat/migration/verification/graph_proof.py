"""Proof from the graph beside a checkpoint: its inputs and outputs found, made up or asked for."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint import Checkpoint, Entry, open_checkpoint
from tf1compat.errors import UsageError
from tf1compat.keras3 import ModelIndex, index_model
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.verification.outputs import compare_outputs
from tf1compat.migration.verification.proof import Proof, model_outputs, prove_lines
from tf1compat.migration.verification.reference.candidates import forward_ops
from tf1compat.migration.verification.reference.feeds import index_bounds, made_up, phase_of
from tf1compat.migration.verification.reference.graph import ReferenceGraph
from tf1compat.migration.verification.reference.graph_file import (
    GraphFile,
    InputSpec,
    graph_beside,
    read_graph,
)
from tf1compat.migration.verification.reference.input_pairing import concrete_shapes, pair_inputs
from tf1compat.names.graph_names import tensor_name

__all__ = ["GraphOptions", "prove"]


@dataclasses.dataclass(frozen=True)
class GraphOptions:
    """What a user says of a graph; all of it may be left out where the graph shows it.

    Attributes:
      inputs: tensors that are given the model's inputs, in the model's order.
      outputs: tensors that the model's outputs equal, in the model's order.
      feeds: values of other tensors by name, such as whether the graph trains.
      arrays: values of `inputs` by tensor name; made up where there are none.
      allowed: op types to run beside those that are known to be harmless.
    """

    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    feeds: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    allowed: Iterable[str] = ()


def prove(
    plan: Plan,
    model: Any,
    *,
    checkpoint: Checkpoint | None = None,
    graph: str | os.PathLike[str] | None = None,
    options: GraphOptions | None = None,
    tolerance: float = 1e-5,
) -> Proof:
    """Runs the v1 graph beside the model and returns which lines of the plan that proves.

    Both sides are run in inference mode with the checkpoint's values, and with every source changed
    at random; the model's own weights are neither used nor changed. Only ops of the graph that
    compute and do nothing else are run.

    Args:
      plan: a complete plan.
      model: the built Keras model, or its index; its weights may be without values.
      checkpoint: the open checkpoint; by default the one at the plan's prefix is opened.
      graph: the ``.meta`` file; by default the one beside the checkpoint.
      options: what the graph doesn't show.
      tolerance: largest difference of an output, relative to its largest expected value.

    Raises:
      UsageError: there is no graph, its inputs or outputs can't be told, or it can't be run; the
        message says what to name.
    """
    index = index_model(model)
    entries = open_checkpoint(plan.checkpoint) if checkpoint is None else checkpoint
    whole = graph_beside(entries) if graph is None else read_graph(graph)
    given = _Given(whole, index, options or GraphOptions())
    feeds = given.arrays()
    model_inputs = {name: feeds[name] for name in given.paired}
    outputs = list(given.options.outputs)
    if not outputs:
        found = model_outputs(plan, index, entries, model_inputs)
        outputs = _alike(found, given, feeds, checkpoint=entries)
    return prove_lines(
        plan,
        index,
        given.reference(outputs, feeds),
        checkpoint=entries,
        inputs=feeds,
        model_inputs=model_inputs,
        outputs=outputs,
        tolerance=tolerance,
    )


class _Given:
    """What each input of the graph is given."""

    def __init__(self, graph: GraphFile, index: ModelIndex, options: GraphOptions) -> None:
        self.graph = graph
        self.options = options
        phases = {spec.name: phase_of(spec) for spec in graph.inputs}
        self.feeds = {name: value for name, value in phases.items() if value is not None}
        self.feeds.update({tensor_name(k): np.asarray(v) for k, v in options.feeds.items()})
        data = [s for s in graph.inputs if s.name not in self.feeds and not s.optional]
        if options.inputs:
            wanted = list(map(tensor_name, options.inputs))
            data = [s for name in wanted for s in graph.inputs if s.name == name]
        self.specs: Sequence[InputSpec] = data
        self.paired = pair_inputs(index.model, data, in_order=bool(options.inputs))

    def lacking(self, feeds: Container[str]) -> str:
        """Returns the names of the graph's inputs that have no value."""
        open_ = [s.name for s in self.graph.inputs if s.name not in feeds and not s.optional]
        return ", ".join(open_) or "none"

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns a value for every input that has one, by tensor name."""
        own = {tensor_name(name): array for name, array in self.options.arrays.items()}
        missing = [s for s in self.specs if s.name in self.paired and s.name not in own]
        shapes = concrete_shapes({spec.name: self.paired[spec.name] for spec in missing}, missing)
        bounds = index_bounds(self.graph.graph_def, [spec.name for spec in missing])
        return {**self.feeds, **made_up(missing, shapes, bounds), **own}

    def reference(self, outputs: Sequence[str], feeds: Iterable[str]) -> ReferenceGraph:
        """Returns the part of the graph that computes `outputs`."""
        return ReferenceGraph(self.graph, outputs, fed=feeds, allowed=self.options.allowed)


def _alike(
    found: Sequence[np.ndarray],
    given: _Given,
    feeds: Mapping[str, np.ndarray],
    *,
    checkpoint: Mapping[str, Entry],
) -> list[str]:
    """Returns, for each output of the model, the tensor of the graph that is nearest to it."""
    names = [tensor_name(op) for op in forward_ops(given.graph.graph_def, feeds)]
    if names:
        reference = given.reference(names, feeds)
        names = reference.alike(y.shape for y in found)
    if not names:
        shapes = ", ".join(str(list(y.shape)) for y in found)
        raise UsageError(
            f"{given.graph.path}: expected tensors like the model's outputs, {shapes}, found none "
            f"that inputs with a value lead to; without one: {given.lacking(feeds)}; feed these, "
            "or name the graph's inputs and outputs, in the model's order"
        )
    tensors = reference.run(feeds, reference.values(checkpoint), only=names)
    return [_nearest(tensors, y) for y in found]


def _nearest(tensors: Mapping[str, np.ndarray], value: np.ndarray) -> str:
    gaps = {
        name: compare_outputs({name: tensor}, {name: value})[0].max_rel
        for name, tensor in tensors.items()
        if tensor.shape == value.shape
    }
    if not gaps:
        raise UsageError(
            f"expected a tensor of the v1 graph of the shape {list(value.shape)} of a model's "
            "output, found none; name the graph's outputs, in the model's order"
        )
    return min(reversed(gaps), key=lambda name: gaps[name])  # of equals the last: nearest the end
