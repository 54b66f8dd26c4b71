"""What a load of a checkpoint does with every name: the checkpoint's, and the graph's."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from tf1compat.checkpoint import Checkpoint, Entry
from tf1compat.errors import CheckpointError, GraphError, Problem
from tf1compat.graph.assign._part_joining import StoredValue, stored_value, whole_of, with_parts
from tf1compat.graph.assign.assigner import Assigner
from tf1compat.graph.assign.fitting import MisfitError, fit_value, shape_fits
from tf1compat.names import RuleMatch, RuleOutcome, RuleSet, nearest_names
from tf1compat.names.training_state import training_reason
from tf1compat.printable import joined

__all__ = ["CheckpointLoad", "plan_load"]

# Kinds of names that a graph needn't have a variable for. Metrics' aren't among them: 1.x has them
# in LOCAL_VARIABLES, which a Saver writes only where it is told to.
_LEFT_OUT = frozenset(
    {"slot", "shadow", "optimizer_state", "global_step", "loss_scale", "loss_average"}
)


@dataclasses.dataclass(frozen=True)
class CheckpointLoad:
    """What became of every variable of a checkpoint and of an assigner.

    Attributes:
      assigned: from each variable's name to the checkpoint's name that it got its value from.
      joined: from each variable's name to the checkpoint's names of the parts it was joined of.
      skipped: from each other name of the checkpoint to the reason why it was left out.
      kept: from each variable that kept its value to the reason that a rule gave.
    """

    assigned: Mapping[str, str]
    skipped: Mapping[str, str]
    kept: Mapping[str, str]
    joined: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{len(self.assigned) + len(self.joined)} assigned"]
        lines += [f"  {target} <- {source}" for target, source in self.assigned.items()]
        lines += [f"  {name} <- {', '.join(parts)}" for name, parts in self.joined.items()]
        lines += [f"{len(self.skipped)} of the checkpoint left out"]
        lines += [f"  {source}: {reason}" for source, reason in self.skipped.items()]
        lines += [f"{len(self.kept)} kept"] if self.kept else []
        return joined([*lines, *(f"  {name}: {why}" for name, why in self.kept.items())])


def plan_load(
    assigner: Assigner, checkpoint: Checkpoint, rules: RuleSet
) -> tuple[CheckpointLoad, dict[str, StoredValue], list[Problem]]:
    """Returns the two-sided ledger, what each variable gets, and everything that is wrong."""
    if checkpoint.is_object_based:
        raise GraphError(
            f"{checkpoint.prefix}: expected a name-based checkpoint, found an object-based one"
            " (of TF2); restore it with tf.train.Checkpoint"
        )
    targets = dict.fromkeys(assigner.names)
    outcome = rules.apply(checkpoint, targets=with_parts(targets, checkpoint))
    problems = [*outcome.problems, *_layouts(outcome.sources.values())]
    kept = {name: match.reason for name, match in outcome.kept.items() if name in targets}
    wanted, skipped = _sorted_out(checkpoint, outcome, targets, problems=problems)
    values: dict[str, StoredValue] = {}
    misfits: list[Problem] = []
    for target, sources in wanted.items():
        shape, _ = assigner.expected(target)
        value, wrong = stored_value(target, sources, checkpoint, shape=shape)
        misfits += wrong or _misfits(assigner, target, value, checkpoint.prefix)
        if value is not None:
            values[target] = value
    problems += _unfilled(targets, {**wanted, **kept}, _left(checkpoint, wanted))
    single = {name: v.keys[0] for name, v in values.items() if len(v.keys) == 1}
    joined = {name: v.keys for name, v in values.items() if len(v.keys) > 1}
    return CheckpointLoad(single, skipped, kept, joined), values, [*problems, *misfits]


def _sorted_out(
    checkpoint: Checkpoint,
    outcome: RuleOutcome,
    targets: Mapping[str, None],
    *,
    problems: list[Problem],
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Returns what each variable gets, by the names that rules gave it, and what is left out."""
    wanted: dict[str, dict[str, str]] = {}
    skipped: dict[str, str] = {}
    for source in checkpoint:
        match = outcome.sources.get(source)
        target = source if match is None else match.target
        if match is not None and target is None:
            skipped[source] = match.reason
            continue
        name = str(target)
        whole = whole_of(name, targets)
        if whole in outcome.kept and match is None:
            skipped[source] = f"kept: {outcome.kept[whole].reason}"
        elif name in wanted.get(whole, ()):
            problems.append(_collision(name, wanted[whole][name], source))
        elif whole in targets:
            wanted.setdefault(whole, {})[name] = source
        elif match is None:
            _skip(checkpoint[source], skipped, problems, targets)
    return wanted, skipped


def _left(checkpoint: Checkpoint, wanted: Mapping[str, Mapping[str, str]]) -> list[str]:
    used = {source for sources in wanted.values() for source in sources.values()}
    return [source for source in checkpoint if source not in used]


def _skip(
    entry: Entry, skipped: dict[str, str], problems: list[Problem], targets: Iterable[str]
) -> None:
    reason = training_reason(entry.name)
    if reason is not None and entry.name.kind in _LEFT_OUT:
        skipped[entry.key] = reason.text
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
    targets: Iterable[str], filled: Collection[str], free: Sequence[str]
) -> list[Problem]:
    problems: list[Problem] = []
    for name in targets:
        if name not in filled:
            near = ", ".join(nearest_names(name, free)) if len(problems) < 30 else ""
            remedy = "map a source to it, or keep its value with a rule"
            remedy += f"; nearest left: {near}" if near else ""
            problems.append(Problem(name, "a value in the checkpoint", "none", "graph", remedy))
    return problems


def _misfits(
    assigner: Assigner, target: str, value: StoredValue | None, origin: str
) -> list[Problem]:
    """Returns what the index tells to be wrong: the shape, or a dtype that no value could save."""
    if value is None:
        return []
    shape, dtype = assigner.expected(target)
    where = f"{origin}: {value.label}"
    if not shape_fits(value.shape, shape):
        found = f"shape {value.shape}"
        return [Problem(target, f"shape {shape}", found, where, "nothing is reshaped")]
    try:
        nothing = np.empty((0,), value.dtype)
        fit_value(nothing, shape=(0,), dtype=dtype, casts=assigner.casts)
    except MisfitError as misfit:
        remedy = "build the assigner with other casts" if misfit.remedy else ""
        return [Problem(target, misfit.expected, misfit.found, where, remedy)]
    except CheckpointError as error:
        return [Problem(target, "a readable dtype", str(error), where)]
    return []
