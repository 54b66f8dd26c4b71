"""Values for an assigner from elsewhere: a checkpoint, or a mapping with other names (Keras')."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from tf1compat.checkpoint import Checkpoint, Entry
from tf1compat.errors import CheckpointError, CorruptCheckpointError, GraphError, Problem
from tf1compat.graph.assign.assigner import Assigner
from tf1compat.graph.assign.fitting import MisfitError, fit_value, shape_fits
from tf1compat.names import Rule, RuleMatch, RuleSet, nearest_names, rules_from_assignment_map

__all__ = ["CheckpointLoad", "Rules", "assign_checkpoint", "rename_values"]

Rules: TypeAlias = "RuleSet | Iterable[Rule] | Mapping[str, str]"
_BATCH = 1 << 28  # bytes of a checkpoint held in memory at once, where no tensor is larger
_REASONS = {
    "slot": "an optimizer's slot",
    "shadow": "a moving average",
    "optimizer_state": "an optimizer's state",
    "global_step": "the global step",
    "loss_scale": "the state of loss scaling",
    "loss_average": "a moving average of a loss",
}


@dataclasses.dataclass(frozen=True)
class CheckpointLoad:
    """What became of every variable of a checkpoint and of an assigner.

    Attributes:
      assigned: from each variable's name to the checkpoint's name that it got its value from.
      skipped: from each other name of the checkpoint to the reason why it was left out.
      kept: from each variable that kept its value to the reason that a rule gave.
    """

    assigned: Mapping[str, str]
    skipped: Mapping[str, str]
    kept: Mapping[str, str]

    def __str__(self) -> str:
        lines = [f"{len(self.assigned)} assigned"]
        lines += [f"  {target} <- {source}" for target, source in self.assigned.items()]
        lines += [f"{len(self.skipped)} of the checkpoint left out"]
        lines += [f"  {source}: {reason}" for source, reason in self.skipped.items()]
        lines += [f"{len(self.kept)} kept"] if self.kept else []
        return "\n".join([*lines, *(f"  {name}: {why}" for name, why in self.kept.items())])


def assign_checkpoint(
    session: tf.compat.v1.Session,
    assigner: Assigner,
    checkpoint: Checkpoint,
    *,
    rules: Rules = (),
) -> CheckpointLoad:
    """Writes the values of a checkpoint into all variables of `assigner`.

    Every variable gets a value (or is kept by a rule), and every variable of the checkpoint is
    used, dropped by a rule, or an optimizer's slot or state, a moving average or the global step;
    otherwise nothing is written and the error names each that isn't. Names, shapes, dtypes and
    checksums are all checked before the first write; no more than 256 MiB, or one tensor, is held
    at a time. Mirrors ``tf.compat.v1.train.init_from_checkpoint``.

    Args:
      session: a session over the assigner's graph.
      assigner: the variables.
      checkpoint: from :func:`tf1compat.checkpoint.open_checkpoint`.
      rules: renames, drops and keeps, or an assignment map as ``init_from_checkpoint`` takes it; a
        name that no rule matches stands for itself.

    Returns:
      What became of every variable of both sides.

    Raises:
      GraphError: variables of either side that aren't accounted for, or that don't fit.
      CorruptCheckpointError: a value that is needed is damaged; nothing was written.
    """
    plan, problems = _plan(assigner, checkpoint, _rule_set(rules))
    if problems:
        count = len(problems)
        headline = f"{count} problem(s) with {checkpoint.prefix}; nothing was written"
        raise GraphError.from_problems(headline, problems)
    _check_data(assigner, checkpoint, plan.assigned)
    for batch in _batches(checkpoint, plan.assigned):
        values = {target: checkpoint[source].read() for target, source in batch.items()}
        assigner.assign_some(session, values)
    return plan


def rename_values(
    values: Mapping[str, Any], rules: Rules, *, targets: Iterable[str] | None = None
) -> dict[str, Any]:
    """Returns `values` under the names that `rules` give them, for :meth:`Assigner.assign`.

    For the weights of a Keras model, ``{weight.path: weight.numpy()}``, among others. A name that
    no rule matches stays as it is; a dropped one is left out.

    Args:
      values: arrays by name.
      rules: renames and drops, or an assignment map.
      targets: the names there are (``assigner.names``), to check against; None not to.

    Raises:
      RuleError: rules that match nothing, two values for one name, or a target there isn't.

    >>> rename_values({"dense/kernel": 1, "old": 2}, {"dense/": "fc/"})
    {'fc/kernel': 1, 'old': 2}
    """
    outcome = _rule_set(rules).apply(values, targets=targets).check()
    renamed: dict[str, Any] = {}
    for name, value in values.items():
        match = outcome.sources.get(name)
        target = name if match is None else match.target
        if target in renamed:
            problem = Problem(target, "one value", f"several, {name} among them")
            raise GraphError.from_problems("two values for one name", [problem])
        if target is not None:
            renamed[target] = value
    return renamed


def _rule_set(rules: Rules) -> RuleSet:
    if isinstance(rules, Mapping):
        return rules_from_assignment_map(rules)
    return rules if isinstance(rules, RuleSet) else RuleSet(rules)


def _plan(
    assigner: Assigner, checkpoint: Checkpoint, rules: RuleSet
) -> tuple[CheckpointLoad, list[Problem]]:
    """Returns the two-sided ledger, and everything that is wrong with it."""
    if checkpoint.is_object_based:
        raise GraphError(
            f"{checkpoint.prefix}: expected a name-based checkpoint, found an object-based one"
            " (of TF2); restore it with tf.train.Checkpoint"
        )
    targets = dict.fromkeys(assigner.names)
    outcome = rules.apply(checkpoint, targets=targets)
    problems = [*outcome.problems, *_layouts(outcome.sources.values())]
    assigned: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for source in checkpoint:
        match = outcome.sources.get(source)
        target = source if match is None else match.target
        if match is not None and target is None:
            skipped[source] = match.reason
        elif target in outcome.kept and match is None:
            skipped[source] = f"kept: {outcome.kept[target].reason}"
        elif target in assigned:
            problems.append(_collision(str(target), assigned[str(target)], source))
        elif target in targets:
            assigned[str(target)] = source
        elif match is None:
            _skip(checkpoint[source], skipped, problems, targets)
    kept = {name: match.reason for name, match in outcome.kept.items()}
    problems += _unfilled(targets, assigned, kept, checkpoint)
    for target, source in assigned.items():
        problems += _misfits(assigner, target, checkpoint[source], checkpoint.prefix)
    return CheckpointLoad(assigned, skipped, kept), problems


def _skip(
    entry: Entry, skipped: dict[str, str], problems: list[Problem], targets: Iterable[str]
) -> None:
    reason = _REASONS.get(entry.name.kind)
    if reason is not None:
        skipped[entry.key] = reason
        return
    near = ", ".join(nearest_names(entry.key, targets))
    remedy = f"drop it or rename it with a rule; nearest: {near}"
    problems.append(Problem(entry.key, "a variable to go to", "none", "checkpoint", remedy))


def _layouts(matches: Iterable[RuleMatch]) -> list[Problem]:
    return [
        Problem(
            match.name,
            "a rule without a layout",
            f"layout {match.layout!r}",
            match.rule.origin,
            "variables of a graph have the checkpoint's own layout",
        )
        for match in matches
        if match.layout is not None
    ]


def _collision(target: str, one: str, other: str) -> Problem:
    remedy = "drop one of them with a rule"
    return Problem(target, "one source", f"{one} and {other}", "checkpoint", remedy)


def _unfilled(
    targets: Iterable[str],
    assigned: Mapping[str, str],
    kept: Mapping[str, str],
    checkpoint: Checkpoint,
) -> list[Problem]:
    free = [source for source in checkpoint if source not in assigned.values()]
    problems: list[Problem] = []
    for name in targets:
        if name not in assigned and name not in kept:
            near = ", ".join(nearest_names(name, free)) if len(problems) < 30 else ""
            remedy = "map a source to it, or keep its value with a rule"
            remedy += f"; nearest left: {near}" if near else ""
            problems.append(Problem(name, "a value in the checkpoint", "none", "graph", remedy))
    return problems


def _misfits(assigner: Assigner, target: str, entry: Entry, origin: str) -> list[Problem]:
    """Returns what the index tells to be wrong: the shape, or a dtype that no value could save."""
    shape, dtype = assigner.expected(target)
    where = f"{origin}: {entry.key}"
    if not shape_fits(entry.shape, shape):
        found = f"shape {entry.shape}"
        return [Problem(target, f"shape {shape}", found, where, "nothing is reshaped")]
    try:
        nothing = np.empty((0,), entry.dtype)
        fit_value(nothing, shape=(0,), dtype=dtype, casts=assigner.casts)
    except MisfitError as misfit:
        remedy = "build the assigner with other casts" if misfit.remedy else ""
        return [Problem(target, misfit.expected, misfit.found, where, remedy)]
    except CheckpointError as error:
        return [Problem(target, "a readable dtype", str(error), where)]
    return []


def _check_data(assigner: Assigner, checkpoint: Checkpoint, assigned: Mapping[str, str]) -> None:
    """Raises for data that are damaged, or that a conversion would harm, before any is written."""
    damaged: list[CheckpointError] = []
    harmed: list[Problem] = []
    for target, source in assigned.items():
        entry = checkpoint[source]
        shape, dtype = assigner.expected(target)
        try:
            if entry.dtype == np.dtype(dtype.as_numpy_dtype):
                damaged += entry.check()
            else:
                fit_value(entry.read(), shape=shape, dtype=dtype, casts=assigner.casts)
        except MisfitError as misfit:
            where = f"{checkpoint.prefix}: {source}"
            harmed.append(Problem(target, misfit.expected, misfit.found, where, misfit.remedy))
        except CheckpointError as error:
            damaged.append(error)
    if damaged:
        lines = "\n".join(f"  {error}" for error in damaged)
        raise CorruptCheckpointError(f"damaged; nothing was written\n{lines}") from damaged[0]
    if harmed:
        raise GraphError.from_problems("values that don't convert; nothing was written", harmed)


def _batches(checkpoint: Checkpoint, assigned: Mapping[str, str]) -> Iterator[dict[str, str]]:
    batch: dict[str, str] = {}
    size = 0
    for target, source in assigned.items():
        more = checkpoint[source].nbytes
        if batch and size + more > _BATCH:
            yield batch
            batch, size = {}, 0
        batch[target] = source
        size += more
    if batch:
        yield batch
