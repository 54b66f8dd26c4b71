"""The plan that several apps make first, and how they print it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tf1compat.apps._printing import complain, complain_lines, say, say_lines
from tf1compat.apps._progress import progress
from tf1compat.apps._tables import on_terminal, print_records
from tf1compat.apps._target_flags import TargetFlags
from tf1compat.checkpoint import Checkpoint
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.keras3 import ModelIndex, index_model, lazy_model
from tf1compat.keras3.formats.output_formats import OutputFormat, holds_optimizer
from tf1compat.migration import (
    Assumptions,
    PartScope,
    Plan,
    Verification,
    dropped_lines,
    offender_lines,
    plan_migration,
    verify_weights,
)
from tf1compat.migration.reports.optimizer_taken import training_lines
from tf1compat.names import Rule
from tf1compat.names.folded_rows import fold_rows

__all__ = ["make_plan", "print_offenders", "print_plan", "read_back", "weights_bytes"]

_OBJECT_BASED = (
    "{} is an object-based checkpoint (tf.train.Checkpoint, or save_weights of Keras): its "
    "variables go by their paths of attributes; rules may also use the saved names that "
    "`tf1compat inspect` lists"
)


def make_plan(
    checkpoint: Checkpoint,
    target: TargetFlags,
    *,
    model: str | None = None,
    output: OutputFormat | None = None,
) -> tuple[Plan, ModelIndex]:
    """Builds the model without memory for its weights and plans the migration to it.

    Says on standard error of an object-based checkpoint that it is one: its names aren't a graph's.
    Of an optimizer that the format of the `output` has no place for, nothing goes along, unless
    that is asked for, which then is an error.
    """
    if checkpoint.is_object_based:
        complain(_OBJECT_BASED.format(checkpoint.prefix))
    with progress("building the model"):
        index = index_model(lazy_model(model or str(target.model.value)))
    with progress("planning"):
        policy = _policy(target, output)
        return _planned(checkpoint, index, target, rules=(), optimizer=policy), index


def _planned(
    checkpoint: Checkpoint,
    index: ModelIndex,
    target: TargetFlags,
    *,
    rules: Iterable[Rule],
    optimizer: str,
) -> Plan:
    """Plans by what the flags say, `rules` first."""
    return plan_migration(
        checkpoint,
        index,
        [*rules, *target.every_rule()],
        assume=Assumptions(**target.assumed()),
        averages=target.averages.value,
        part=target.part() or PartScope(),
        optimizer=optimizer,
    )


def weights_bytes(plan: Plan) -> int:
    """Returns how many bytes the values take that a plan moves."""
    targets = {**plan.targets, **(plan.training.targets if plan.training else {})}
    moved = (targets[fill.target] for fill in plan.all_fills)
    return sum(math.prod(one.shape) * numpy_dtype(one.dtype).itemsize for one in moved)


def read_back(
    plan: Plan, index: ModelIndex, output: str, *, checkpoint: Checkpoint
) -> Verification:
    """Returns how a file's weights compare with their sources, bit for bit."""
    # Each is read twice: for its digest, and for the comparison.
    with progress("verifying", 2 * weights_bytes(plan)) as advance:
        return verify_weights(plan, index, output=output, checkpoint=checkpoint, progress=advance)


def _policy(target: TargetFlags, output: OutputFormat | None) -> str:
    given = str(target.optimizer.value)
    return "ignore" if given == "prefer" and output and not holds_optimizer(output) else given


def print_plan(plan: Plan) -> None:
    """Prints every line of the plan, then what is dropped, counted by reason.

    On a terminal lines that differ in a layer's number are one; in a pipe each is a line.
    """
    rows = [[f.target, ", ".join(f.sources), f.moved, f.why] for f in plan.fills]
    rows += [[keep.target, "", "kept", keep.reason] for keep in plan.keeps]
    if plan.training is not None:
        more = plan.training
        rows += [[f.target, ", ".join(f.sources), f.moved, f.why] for f in more.fills]
        rows += [[keep.target, "", "kept", keep.reason] for keep in more.keeps]
    print_records(["target", "source", "layout", "why"], fold_rows(rows) if on_terminal() else rows)
    say_lines(["", *dropped_lines(plan)])
    say(plan.headline())
    say_lines(training_lines(plan))


def print_offenders(
    plan: Plan, checkpoint: Checkpoint, index: ModelIndex, target: TargetFlags
) -> None:
    """Prints on standard error everything that keeps the plan from being complete."""

    def replan(rules: Iterable[Rule]) -> Plan:
        policy = str(target.optimizer.value)
        return _planned(checkpoint, index, target, rules=rules, optimizer=policy)

    complain_lines(offender_lines(plan, replan=replan, checkpoint=checkpoint))
