"""What a v1 graph takes and gives, as far as its file shows: for whoever has to name it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tf1compat.checkpoint import Checkpoint
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import UsageError
from tf1compat.migration.verification.reference._told_by_file import told_by_file
from tf1compat.migration.verification.reference.feeds import phase_of
from tf1compat.migration.verification.reference.graph_file import (
    GraphFile,
    graph_as_data,
    graph_beside,
)
from tf1compat.migration.verification.reference.input_specs import InputSpec
from tf1compat.migration.verification.reference.likely_ends import LikelyEnds
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph
from tf1compat.migration.verification.reference.signatures import OutputSpec, Signature
from tf1compat.names.graph_names import op_name, tensor_name

__all__ = ["GraphSummary", "summarize_graph", "summary_beside"]


@dataclasses.dataclass(frozen=True)
class GraphSummary:
    """What a graph takes and gives.

    Attributes:
      inputs: its placeholders and what input pipelines give it.
      phases: by name, the value of each input that says whether the graph trains, when it doesn't.
      outputs: what is computed of inputs and variables, and of which no more is.
      signatures: by key, what a signature calls tensors.
      left_out: what belongs to the graph and is never run: initializers, tables, assets.
    """

    inputs: tuple[InputSpec, ...]
    phases: Mapping[str, Any]
    outputs: tuple[OutputSpec, ...]
    signatures: Mapping[str, Signature]
    left_out: tuple[str, ...]


Describe = Callable[[GraphFile, Sequence[str]], tuple[OutputSpec, ...]]


def summarize_graph(graph: GraphFile) -> GraphSummary:
    """Returns what a graph takes and gives; nothing of it is run, TensorFlow says its shapes."""
    return _summary(graph, _by_tensorflow)


def summary_beside(checkpoint: Checkpoint) -> GraphSummary:
    """Returns the same of the graph beside a checkpoint, without TensorFlow.

    Dtypes and shapes are those that its file says; 1.15's savers write them. Where it doesn't, the
    dtype is "".

    Raises:
      UsageError: there is none, or it can't be read.
    """
    graph = graph_beside(checkpoint, graph_as_data)
    try:
        return _summary(graph, told_by_file)
    except WireError as error:
        raise UsageError(f"{graph.path}: expected a graph, found {error.message}") from error


def _summary(graph: GraphFile, describe: Describe) -> GraphSummary:
    phases = {spec.name: phase_of(spec) for spec in graph.inputs}
    return GraphSummary(
        inputs=graph.inputs,
        phases={name: value.item() for name, value in phases.items() if value is not None},
        outputs=_outputs(graph, describe),
        signatures=graph.signatures,
        left_out=graph.left_out,
    )


def _outputs(graph: GraphFile, describe: Describe) -> tuple[OutputSpec, ...]:
    """Returns what computing ends in; of a loss by hand, what it is likely computed of as well."""
    serves, _ = graph.inference
    ends = LikelyEnds(serves, [spec.name for spec in graph.inputs], trained=graph.graph_def)
    found = describe(graph, ends.before_labels())
    numbers = [op_name(one.name) for one in found if one.shape == ()]
    arrays = [op_name(one.name) for one in found if one.shape != ()]
    if ends.need_more(arrays, numbers):
        return describe(graph, ends.before_any())
    return found


def _by_tensorflow(graph: GraphFile, ops: Sequence[str]) -> tuple[OutputSpec, ...]:
    names = [tensor_name(op) for op in ops]
    try:
        reference = ReferenceGraph(graph, names, fed=[spec.name for spec in graph.inputs])
    except (
        UsageError
    ):  # it has ops that this TensorFlow doesn't; their names are known all the same
        return tuple(OutputSpec(name, "", None) for name in names)
    return tuple(OutputSpec(name, *reference.described(name)) for name in names)
