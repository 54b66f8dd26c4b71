"""From one Keras model, or a checkpoint, into another live one: planned, carried out, compared."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from tf1compat.checkpoint import Checkpoint, open_checkpoint
from tf1compat.errors import ModelError, Problem
from tf1compat.keras3 import ModelIndex, index_model, model_checkpoint
from tf1compat.migration.conversion import Conversion, convert
from tf1compat.migration.meaning import NOTHING, Assumptions
from tf1compat.migration.planning.part_scope import EVERYTHING, PartScope
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.planner import plan_migration
from tf1compat.migration.verification.verify import verify_weights
from tf1compat.names import Rule, RuleSet

__all__ = ["transfer"]


def transfer(
    source: Any,
    target: Any,
    rules: RuleSet | Iterable[Rule] | str | os.PathLike[str] = (),
    *,
    assume: Assumptions = NOTHING,
    averages: str = "ignore",
    part: PartScope | str = EVERYTHING,
) -> Conversion:
    """Fills a live model from another, or from a checkpoint, by a plan that leaves nothing out.

    In place of ``tf.train.Checkpoint(...).restore(...)``, which restores what happens to have the
    same attributes and leaves the rest as it is, and says so only where it is asked to assert.
    Every weight of the target is filled, or kept by a rule or `part`; every variable of the source
    is used, or dropped by one. Nothing is assigned unless that is so, and what was assigned is
    compared with its sources bit for bit.

    Args:
      source: a built Keras model, or its :class:`~tf1compat.keras3.ModelIndex`, an open checkpoint,
        or the path of one of any format, such as one that ``tf.train.Checkpoint`` wrote.
      target: a built Keras model, or its index; its weights are assigned.
      rules, assume, averages, part: as for :func:`plan_migration`.

    Returns:
      The plan that was carried out, and a digest of every value.

    Raises:
      PlanError: naming every ambiguity, unfilled target and unexplained source.
      ModelError: a model isn't built, or a weight would be filled from another of the same model.
      RuleError, LayoutError, CheckpointError, UnknownNameError, UsageError: as for
        :func:`plan_migration`.
    """
    entries = _opened(source)
    index = index_model(target)
    plan = plan_migration(entries, index, rules, assume=assume, averages=averages, part=part)
    if not isinstance(source, Checkpoint | str | os.PathLike):
        _require_apart(plan, index_model(source), index)
    done = convert(plan, index, checkpoint=entries)
    verify_weights(plan, index, checkpoint=entries).require_equal()
    return done


def _opened(source: Any) -> Checkpoint:
    if isinstance(source, Checkpoint):
        return source
    return (
        open_checkpoint(source)
        if isinstance(source, str | os.PathLike)
        else model_checkpoint(source)
    )


def _require_apart(plan: Plan, source: ModelIndex, target: ModelIndex) -> None:
    """Raises where filling one weight would change another's source, since both models hold it."""
    problems = list(_shared(plan, source, target))
    if problems:
        raise ModelError.from_problems(
            "both models hold the same weights; nothing was assigned", problems
        )


def _shared(plan: Plan, source: ModelIndex, target: ModelIndex) -> Iterator[Problem]:
    filled = {id(target[fill.target].variable): fill.target for fill in plan.fills}
    for fill in plan.fills:
        for name in fill.sources:
            overwritten = filled.get(id(source[name].variable), fill.target)
            if overwritten != fill.target:
                expected = "a source that the transfer doesn't assign"
                found = f"{name}, which is {overwritten} of the target too"
                remedy = "keep the weights that both hold, and drop them, by rules"
                yield Problem(fill.target, expected, found, "", remedy)
