"""A program that was written (TFLite), beside the model that it was made of and the v1 graph."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint import Checkpoint, open_checkpoint
from tf1compat.errors import OutputError, Problem, UsageError
from tf1compat.keras3 import ModelIndex, index_model, read_exported
from tf1compat.keras3.formats.output_formats import read_program
from tf1compat.keras3.formats.programs.deviation import Deviation, deviations
from tf1compat.keras3.formats.programs.sample_inputs import made_inputs, recorded_inputs
from tf1compat.keras3.models.as_function import compute_outputs
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.verification._both_sides import weight_values
from tf1compat.migration.verification.given import GraphOptions
from tf1compat.migration.verification.graph_proof import graph_outputs
from tf1compat.migration.verification.outputs import as_rows
from tf1compat.names.first_line import first_line

__all__ = ["ProgramOutput", "ProgramOutputs", "compare_program"]


@dataclasses.dataclass(frozen=True)
class ProgramOutput:
    """One output of a program.

    Attributes:
      name: what the program calls it.
      model: how far it is from the model's, with the plan's values in single precision.
      graph: how far it is from the v1 graph's; None where that wasn't run.
    """

    name: str
    model: Deviation
    graph: Deviation | None

    def record(self) -> dict[str, Any]:
        """Returns what JSON holds of it."""
        graph = None if self.graph is None else self.graph.record()
        return {"name": self.name, "model": self.model.record(), "graph": graph}


@dataclasses.dataclass(frozen=True)
class ProgramOutputs:
    """What a program computes, compared.

    Attributes:
      outputs: each output, in the model's order.
      allowed: the largest relative error that isn't refused, as the program's manifest says; None
        where it doesn't say.
      why: why the v1 graph wasn't run; "" where it was.
    """

    outputs: tuple[ProgramOutput, ...]
    allowed: float | None
    why: str

    def problems(self) -> list[Problem]:
        """Returns the outputs that are farther from the model's than is allowed."""
        return [
            Problem(
                one.name,
                f"a relative difference from the model's of at most {self.allowed:g}",
                f"{one.model.max_rel:.3g}",
            )
            for one in self.outputs
            if self.allowed is not None and not one.model.max_rel <= self.allowed
        ]

    def record(self) -> dict[str, Any]:
        """Returns what JSON holds of it."""
        told = [one.record() for one in self.outputs]
        return {"outputs": told, "allowed": self.allowed, "why": self.why}


def compare_program(
    plan: Plan,
    model: Any,
    output: str,
    *,
    checkpoint: Checkpoint | None = None,
    options: GraphOptions | None = None,
    representative: str = "",
) -> ProgramOutputs:
    """Runs a program beside the model with the plan's values and, where there is one, the v1 graph.

    Args:
      plan: the plan that was carried out.
      model: the built Keras model, or its index; its weights are neither used nor changed.
      output: path of the program.
      checkpoint: the open checkpoint; by default the one at the plan's prefix is opened.
      options: what the graph doesn't show.
      representative: an ``.npz`` of inputs; "" takes those of the proof, or makes some up.

    Raises:
      OutputError: it is no program, or computes other numbers or shapes of outputs.
      UsageError: the model can't compute from such inputs.
    """
    index = index_model(model)
    entries = open_checkpoint(plan.checkpoint) if checkpoint is None else checkpoint
    program = read_program(output)
    manifest = read_exported(output, index).manifest
    told = manifest.notes.get("tflite") if manifest else None
    allowed = told.get("max_error") if isinstance(told, dict) else None
    recorded = recorded_inputs(representative, list(program.inputs)) if representative else None
    weights = weight_values(plan, index, entries)
    given, graph, why = _given(plan, index, entries, options, recorded)
    inputs, expected = _computable(index, program.inputs, weights, given or recorded)
    try:
        found = program.run(dict(zip(program.inputs, inputs.values(), strict=True)))
        near = deviations(program.outputs, expected, found)
        rows = [as_rows(a, y.shape) for a, y in zip(graph, found, strict=False)]
        beside = deviations(program.outputs, rows, found) if graph else (None,) * len(near)
    except (ValueError, RuntimeError) as error:
        raise OutputError(
            f"{output}: doesn't compute what the model does: {first_line(error)}"
        ) from error
    pairs = zip(program.outputs, near, beside, strict=True)
    return ProgramOutputs(
        tuple(ProgramOutput(*one) for one in pairs),
        float(allowed) if isinstance(allowed, (int, float)) else None,
        why,
    )


def _given(
    plan: Plan,
    index: ModelIndex,
    entries: Checkpoint,
    options: GraphOptions | None,
    recorded: Mapping[str, np.ndarray] | None,
) -> tuple[dict[str, np.ndarray] | None, Sequence[np.ndarray], str]:
    """Returns what the model is given, what the v1 graph computes of that, and why it doesn't."""
    if entries.graph_path is None:
        return None, (), "the checkpoint has no .meta"
    try:
        inputs, outputs = graph_outputs(
            plan, index, checkpoint=entries, options=options, inputs=recorded
        )
    except UsageError as error:
        return None, (), first_line(error)
    return inputs, outputs, ""


def _computable(
    index: ModelIndex,
    specs: Mapping[str, Any],
    weights: Mapping[str, np.ndarray],
    recorded: Mapping[str, np.ndarray] | None,
) -> tuple[Mapping[str, np.ndarray], Sequence[np.ndarray]]:
    """Returns inputs that the model computes from, and what it computes."""
    if recorded is not None:
        return recorded, compute_outputs(index, recorded, weights)
    failed = UsageError("no inputs")
    for inputs in made_inputs(index, specs):
        try:
            return inputs, compute_outputs(index, inputs, weights)
        except UsageError as error:
            failed = error
    raise failed
