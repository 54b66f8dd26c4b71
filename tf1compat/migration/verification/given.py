"""What each input of a v1 graph is given: as the user says, as the graph shows, or made up."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.errors import UsageError
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.verification.reference.feeds import index_bounds, made_up, phase_of
from tf1compat.migration.verification.reference.graph import ReferenceGraph
from tf1compat.migration.verification.reference.graph_file import GraphFile, InputSpec
from tf1compat.migration.verification.reference.input_pairing import concrete_shapes, pair_inputs
from tf1compat.names.graph_names import op_name, tensor_name

__all__ = ["Given", "GraphOptions", "recorded_feeds"]


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


class Given:
    """What each input of the graph is given.

    Attributes:
      graph: the graph.
      options: what the user said.
      feeds: values of what isn't an input of the model, by tensor name.
      paired: the model's inputs by the names of the tensors that they are, in the model's order.
    """

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


def recorded_feeds(
    graph: GraphFile, index: ModelIndex, recorded: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Returns what the graph is given for recorded inputs of the model, by tensor name.

    Recorded inputs go by the names of tensors where the graph has them all; else they are the
    model's, by their names or in its order.

    Raises:
      UsageError: there aren't as many inputs of the graph that fit.
    """
    ops = {node.name for node in graph.graph_def.node}
    if all(op_name(name) in ops for name in recorded):
        phases = {spec.name: phase_of(spec) for spec in graph.inputs}
        feeds = {name: value for name, value in phases.items() if value is not None}
        return {**feeds, **{tensor_name(name): value for name, value in recorded.items()}}
    given = Given(graph, index, GraphOptions())
    if len(given.paired) != len(recorded):
        raise UsageError(
            f"{graph.path}: expected {len(recorded)} inputs, as were recorded, found "
            f"{', '.join(given.paired) or 'none'}"
        )
    names = [getattr(one, "name", None) for one in given.paired.values()]
    by_name = set(names) == set(recorded)
    values = [recorded[str(n)] for n in names] if by_name else list(recorded.values())
    return {**given.feeds, **dict(zip(given.paired, values, strict=True))}
