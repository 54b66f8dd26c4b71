"""What a v1 graph takes and gives, as far as its file shows: for whoever has to name it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from tf1compat.errors import UsageError
from tf1compat.migration.verification.reference.candidates import forward_ops
from tf1compat.migration.verification.reference.cutting import data_inputs
from tf1compat.migration.verification.reference.feeds import phase_of
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.input_specs import InputSpec
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph
from tf1compat.migration.verification.reference.signatures import OutputSpec, Signature
from tf1compat.names.graph_names import op_name, tensor_name

__all__ = ["GraphSummary", "summarize_graph"]


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


def summarize_graph(graph: GraphFile) -> GraphSummary:
    """Returns what a graph takes and gives; nothing of it is run."""
    phases = {spec.name: phase_of(spec) for spec in graph.inputs}
    return GraphSummary(
        inputs=graph.inputs,
        phases={name: value.item() for name, value in phases.items() if value is not None},
        outputs=_described(graph, _ends(graph)),
        signatures=graph.signatures,
        left_out=graph.left_out,
    )


def _ends(graph: GraphFile) -> list[str]:
    """Returns the ops at which the computing of inputs ends.

    A loss is the end of all that leads to it, and needs labels; so what ends where one of the
    inputs has no value is an end, too.
    """
    names = [spec.name for spec in graph.inputs]
    given = [names, *([n for n in names if n != left] for left in names if len(names) > 1)]
    found = {end for some in given for end in _leaves(graph, some)}
    return [node.name for node in graph.graph_def.node if node.name in found]


def _leaves(graph: GraphFile, given: Iterable[str]) -> set[str]:
    ops = set(forward_ops(graph.graph_def, given))
    read = {
        op_name(one)
        for node in graph.graph_def.node
        if node.name in ops or node.op.startswith("Assign")  # what a moving average follows
        for one in data_inputs(node)
    }
    return ops - read


def _described(graph: GraphFile, ops: Iterable[str]) -> tuple[OutputSpec, ...]:
    names = [tensor_name(op) for op in ops]
    try:
        reference = ReferenceGraph(graph, names, fed=[spec.name for spec in graph.inputs])
    except (
        UsageError
    ):  # it has ops that this TensorFlow doesn't; their names are known all the same
        return tuple(OutputSpec(name, "", None) for name in names)
    return tuple(OutputSpec(name, *reference.described(name)) for name in names)
