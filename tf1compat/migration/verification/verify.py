"""Proof that a conversion is right: every weight bit for bit, and outputs side by side."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint import Entry, open_checkpoint
from tf1compat.errors import CheckpointError, LayoutError, Problem, UsageError, VerificationError
from tf1compat.files.manifest import tensor_digest
from tf1compat.keras3 import Exported, ModelIndex, index_model, read_exported
from tf1compat.keras3.formats.output_formats import computing_format
from tf1compat.keras3.index.optimizer_index import index_optimizer
from tf1compat.keras3.models.as_function import own_value
from tf1compat.keras3.models.running import output_arrays, output_names
from tf1compat.migration.planning.originals import unlike_originals
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.training_targets import targets_of
from tf1compat.migration.values import Comparison, check_fits_checkpoint, compared, value_for
from tf1compat.migration.verification.divergence import Divergence, first_pair
from tf1compat.migration.verification.outputs import (
    OutputDifference,
    Recording,
    compare_outputs,
    name_outputs,
)
from tf1compat.names.screens import SCREEN, html_table, on_a_screen
from tf1compat.stopping import SIGNALS, stoppable

__all__ = ["Verification", "verify", "verify_outputs", "verify_weights"]

_TOLERANCE = 1e-5

ReadWeight = Callable[[str], np.ndarray]


@dataclasses.dataclass(frozen=True, repr=False)
class Verification:
    """What was checked and what was found.

    Attributes:
      weights: how many weights equal their sources bit for bit through the inverse layout.
      anew: those whose layouts round, sum or compute, so that not all bits come back: paths of
        weights that equal their sources laid out anew, and come back as near as the layout says.
      problems: every weight or file that doesn't, and every output out of tolerance.
      outputs: the differences of outputs, where a recording was given.
      divergence: the first layer whose output differs, where layers could be paired, with the
        tensor of the v1 graph that is nearest to it.
      unpaired: why the v1 graph couldn't tell that layer; else "".
      unchecked: what the written file has nothing to be compared with: a sentence each.
      recorded: of a program, how many weights its manifest says that it was made of with the values
        of the plan.
    """

    weights: int
    problems: tuple[Problem, ...] = ()
    outputs: tuple[OutputDifference, ...] = ()
    divergence: Divergence | None = None
    unpaired: str = ""
    anew: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    recorded: int = 0

    @property
    def equal(self) -> bool:
        """Whether everything that was checked is as it should be."""
        return not self.problems

    @property
    def first_difference(self) -> str:
        """The path of the first layer whose output differs; "" if it isn't known."""
        return self.divergence.layer if self.divergence else ""

    def record(self) -> dict[str, Any]:
        """Returns what JSON holds of it; ``docs/proof.md`` has the fields."""
        return {
            "equal": self.equal,
            "weights": self.weights,
            "anew": list(self.anew),
            "problems": [str(problem) for problem in self.problems],
            "outputs": [one.record() for one in self.outputs],
            "divergence": self.divergence.record() if self.divergence else None,
            "unpaired": self.unpaired,
            "unchecked": list(self.unchecked),
            "recorded": self.recorded,
        }

    def require_equal(self) -> None:
        """Does nothing when all is equal.

        Raises:
          VerificationError: naming everything that differs.
        """
        if self.problems:
            raise VerificationError.from_problems("the conversion differs:", self.problems)

    def __str__(self) -> str:
        lines = [f"{self.weights} weights equal bit for bit through the inverse layout"]
        if self.recorded:
            lines = [f"made of {self.recorded} weights with the plan's values, by its manifest"]
        if self.anew:
            lines.append(
                f"{_counted(self.anew)} rounded, summed or computed as laid out, and not otherwise"
            )
        lines += [f"output {difference}" for difference in self.outputs]
        lines += self.layer_lines()
        lines += [f"not checked: {one}" for one in self.unchecked]
        told = [*(f"! {problem}" for problem in self.problems)]
        return on_a_screen([*lines, *told], rest=".problems, .outputs")

    def __repr__(self) -> str:
        state = "equal" if self.equal else f"{len(self.problems)} differ"
        outputs = f", {len(self.outputs)} outputs compared" if self.outputs else ""
        return f"<Verification: {state}; {self.weights} weights equal bit for bit{outputs}>"

    def _repr_html_(self) -> str:
        rows = [[one.name, one.expected, one.found, one.remedy] for one in self.problems]
        header = ("what differs", "expected", "found", "remedy")
        more = max(0, len(rows) - SCREEN)
        return html_table(repr(self)[1:-1], header, rows[:SCREEN], more=more)

    def layer_lines(self) -> list[str]:
        """Returns what is known of the first layer that differs, in words; [] if nothing is."""
        if self.divergence is None:
            return []
        nearest = self.divergence.difference
        return [
            f"first layer that differs: {self.divergence.layer}",
            f"  nearest tensor of the v1 graph: {nearest}",
        ]


def verify(
    plan: Plan,
    model: Any,
    *,
    output: str | os.PathLike[str] | None = None,
    checkpoint: Mapping[str, Entry] | None = None,
    recording: Recording | None = None,
    v1_graph: str | os.PathLike[str] | None = None,
    tolerance: float = _TOLERANCE,
    progress: Callable[[str, int], object] | None = None,
) -> Verification:
    """Checks weights, and outputs where a recording is given.

    Args:
      plan: the plan that was carried out.
      model: the built Keras model, holding the converted weights if outputs are to be compared.
      output: the written file; by default the model's own weights are checked.
      checkpoint: the open checkpoint; by default the one at the plan's prefix is opened.
      recording: inputs and expected outputs; see :func:`load_recording` and :func:`record_graph`.
      v1_graph: prefix of a checkpoint whose ``.meta`` is run, where outputs differ, to name the
        first layer that does, and the tensor that it should have equalled. Recorded inputs go by
        the names of v1 tensors, or else are the model's.
      tolerance: largest difference of an output, relative to its largest expected value.
      progress: as :func:`verify_weights` calls it.
    """
    weights = verify_weights(plan, model, output=output, checkpoint=checkpoint, progress=progress)
    if recording is None:
        return weights
    outputs = verify_outputs(model, recording, tolerance=tolerance)
    both = dataclasses.replace(
        outputs,
        weights=weights.weights,
        anew=weights.anew,
        unchecked=weights.unchecked,
        problems=(*weights.problems, *outputs.problems),
    )
    if not outputs.problems or v1_graph is None:
        return both
    try:
        first = first_pair(
            plan, index_model(model), prefix=v1_graph, recording=recording, tolerance=tolerance
        )
    except UsageError as error:  # the outputs differ all the same
        return dataclasses.replace(both, unpaired=str(error))
    return dataclasses.replace(both, divergence=first)


@stoppable(SIGNALS[:1])  # once for all that is asked within
def verify_weights(
    plan: Plan,
    model: Any,
    *,
    output: str | os.PathLike[str] | None = None,
    checkpoint: Mapping[str, Entry] | None = None,
    progress: Callable[[str, int], object] | None = None,
) -> Verification:
    """Reads every written weight back and compares it with its sources bit for bit.

    Sources that were dropped as copies of others are compared with these. In a file, every tensor
    is also checked against the digest written with it, those that kept their initial values
    included; so is all else that a loader reads (names, types, a model's configuration), and that
    each weight stands where Keras looks for it in loading this model. What a file has no digest of
    is said as ``unchecked``.

    Args:
      plan: the plan that was carried out.
      model: the built Keras model, or its index.
      output: the written file; by default the model's own weights are checked.
      checkpoint: the open checkpoint; by default the one at the plan's prefix is opened.
      progress: called with each weight's path and its bytes, of a file when its digest was looked
        at and again when it was compared with its sources.

    Raises:
      PlanError: if the checkpoint isn't the one the plan was made for.
      OutputError: if the file can't be read at all.
      ModelError: if Keras can't save the model, so that nobody knows where it looks for weights.
    """
    index = index_model(model)
    entries = open_checkpoint(plan.checkpoint) if checkpoint is None else checkpoint
    check_fits_checkpoint(plan, entries)
    problems: list[Problem] = []
    left_out = _uncompiled(plan, index)
    unchecked: tuple[str, ...] = ()
    if output is None:
        weights = index if left_out else targets_of(plan, index)
        read: ReadWeight = lambda path: np.asarray(weights[path].variable.numpy())  # noqa: E731
        origin = "the model"
    else:
        origin = os.fspath(output)
        exported = read_exported(origin, index)
        problems += [*exported.damage(progress), *exported.misplaced()]
        unchecked = tuple(f"{origin}: {one}" for one in exported.unchecked)
        left_out = left_out or _lacking(plan, exported)
        read = lambda path: exported[path].read()  # noqa: E731
    if output is not None and computing_format(origin) is not None:
        return _made_of(plan, index, entries, exported, problems)
    damaged = {problem.name for problem in problems}
    exact, anew = 0, []
    for fill in plan.fills if left_out else plan.all_fills:
        if fill.target in damaged:
            continue
        try:
            value = read(fill.target)
            found = compared(fill, value, entries)
            if progress is not None:
                progress(fill.target, value.nbytes)
        except (CheckpointError, LayoutError, KeyError) as error:
            found = Comparison((str(error),), exact=False)
        exact += found.exact
        anew += [] if found.exact or found.differences else [fill.target]
        problems += [
            Problem(fill.target, "its source's bits", f, origin) for f in found.differences
        ]
    problems += unlike_originals(plan.drops, entries)
    unchecked += (left_out,) if left_out else ()
    return Verification(exact, tuple(problems), anew=tuple(anew), unchecked=unchecked)


def _uncompiled(plan: Plan, index: ModelIndex) -> str:
    """Returns what a model lacks that isn't compiled, if the plan has it."""
    if plan.training is None or index_optimizer(index) is not None:
        return ""
    return "what the optimizer goes on with: this model isn't compiled"


def _lacking(plan: Plan, exported: Exported) -> str:
    """Returns what a file lacks that was written without what an optimizer goes on with."""
    training = plan.training
    if training is None or any(path in exported for path in training.targets):
        return ""
    return f"{exported.path}: it holds nothing of what the optimizer goes on with"


def _made_of(
    plan: Plan,
    index: ModelIndex,
    entries: Mapping[str, Entry],
    exported: Exported,
    problems: Sequence[Problem],
) -> Verification:
    """Compares the values of the plan with those that a program says it was made of."""
    written = exported.manifest.by_name() if exported.manifest else {}
    found = list(problems)
    for fill in plan.fills:
        weight = index[fill.target]
        initial = functools.partial(own_value, weight.variable)
        value = value_for(fill, entries, initial=initial)
        digest = written[fill.target].sha256 if fill.target in written else "nothing"
        if digest != tensor_digest(value):
            found.append(Problem(fill.target, "to be made of its sources", digest, exported.path))
    unchecked = tuple(f"{exported.path}: {one}" for one in exported.unchecked)
    return Verification(0, tuple(found), unchecked=unchecked, recorded=len(plan.fills) - len(found))


def _counted(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return f"{len(paths)} more ({', '.join(paths[:3])}{more})"


def verify_outputs(
    model: Any, recording: Recording, *, tolerance: float = _TOLERANCE
) -> Verification:
    """Runs the model on the recorded inputs, in inference mode, and compares its outputs.

    Inputs are given by name where the model's inputs have the recorded names, else by order; so do
    outputs go.

    Raises:
      UsageError: the model can't compute from the recorded inputs.
      VerificationError: an output is missing or has another shape.
    """
    values = output_arrays(model, recording.inputs)
    named = name_outputs(values, list(recording.outputs), own=output_names(model))
    compared = compare_outputs(recording.outputs, named)
    empty = [
        Problem(name, "recorded numbers", "NaN alone, which tells nothing", "outputs")
        for name, value in recording.outputs.items()
        if value.size and value.dtype.kind == "f" and np.isnan(value).all()
    ]
    problems = tuple(
        Problem(
            difference.name,
            f"relative difference at most {tolerance:g}",
            f"{difference.max_rel:.3g} (absolute {difference.max_abs:.3g})",
            "outputs",
        )
        for difference in compared
        if not difference.within(tolerance)
    )
    return Verification(0, (*empty, *problems), compared)
