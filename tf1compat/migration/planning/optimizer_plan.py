"""The second section of a plan made: what the optimizer of a model goes on with."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.training_steps import TrainingSteps, read_training_steps
from tf1compat.errors import Problem, UsageError
from tf1compat.files.telling import tell_step
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.optimizer_index import OptimizerIndex, index_optimizer
from tf1compat.migration.meaning import NOTHING, Assumptions
from tf1compat.migration.planning._one_optimizer import OneOptimizer
from tf1compat.migration.planning._training_drops import DropLines
from tf1compat.migration.planning.lines import Drop
from tf1compat.migration.planning.optimizer_lines import Training, left
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.specs import target_spec
from tf1compat.names.carried import OPTIMIZER
from tf1compat.names.training_state import training_reason

__all__ = ["with_training", "with_training_again", "without_training"]

_REMEDY = "--optimizer=prefer takes what there is"
_BEYOND = f"no optimizer here computes all of it; {_REMEDY}"
_ASSUME = "--optimizer_settings=compiled says that it is as the model was compiled"


def with_training(
    plan: Plan,
    checkpoint: Mapping[str, Entry],
    index: ModelIndex,
    *,
    graph: str | os.PathLike[str] | None,
    policy: str,
    assume: Assumptions = NOTHING,
) -> Plan:
    """Returns `plan` with what the model's optimizer goes on with, where it has one.

    Args:
      plan: what fills the weights.
      checkpoint: every variable.
      index: the model's index.
      graph: where the checkpoint's graph is.
      policy: one of :data:`tf1compat.names.carried.OPTIMIZER`.
      assume: what no file tells: here, of the optimizer's settings.

    Raises:
      UsageError: the slots are to be used and the model isn't compiled, or it is no policy, or
        settings are said to be what they can't.
    """
    if policy not in OPTIMIZER:
        raise UsageError(f"optimizer: expected one of {', '.join(OPTIMIZER)}, found {policy!r}")
    settings = assume.optimizer_settings or ""
    if settings not in ("", "compiled"):
        raise UsageError(f"optimizer_settings: expected compiled, found {settings!r}")
    optimizer = None if policy == "ignore" else index_optimizer(index)
    if optimizer is None:
        if policy == "use":
            raise UsageError(
                "--optimizer=use: expected a model that is compiled with an optimizer, found one "
                "that isn't; call its compile()"
            )
        return plan
    tell_step("the optimizer")
    steps = read_training_steps(graph) if graph is not None else None
    return _with_section(plan, checkpoint, index, optimizer, steps, policy, settings)


def with_training_again(
    plan: Plan,
    checkpoint: Mapping[str, Entry],
    index: ModelIndex,
    *,
    graph: str | os.PathLike[str] | None,
) -> Plan:
    """Returns a plan of which more weights are filled now with the section made anew.

    Arguments are as for :func:`with_training`.
    """
    if plan.training is None:
        return plan
    plain = without_training(plan, checkpoint)
    policy, settings = plan.training.policy, plan.training.settings
    assume = Assumptions(optimizer_settings=settings or None)
    return with_training(plain, checkpoint, index, graph=graph, policy=policy, assume=assume)


def without_training(plan: Plan, checkpoint: Mapping[str, Entry]) -> Plan:
    """Returns a plan with the section taken out: what went along is left behind.

    Args:
      plan: with the section or without.
      checkpoint: every variable.
    """
    training = plan.training
    if training is None:
        return plan
    known = {source for fill in plan.fills for source in fill.sources}
    known |= {drop.source for drop in plan.drops}
    taken = {source: None for fill in training.fills for source in fill.sources}
    drops = [
        Drop(source, training_reason(checkpoint[source].name) or left("state_left"))
        for source in taken
        if source not in known
    ]
    return dataclasses.replace(plan, training=None, drops=(*plan.drops, *drops))


def _with_section(
    plan: Plan,
    checkpoint: Mapping[str, Entry],
    index: ModelIndex,
    optimizer: OptimizerIndex,
    steps: TrainingSteps | None,
    policy: str,
    settings: str,
) -> Plan:
    parts = [OneOptimizer(plan, checkpoint, index, one, steps) for one in optimizer.parts]
    training = _section(optimizer, parts, policy, settings)
    taken = {source for fill in training.fills for source in fill.sources}
    left_behind = DropLines(parts, optimizer, taken)
    drops = [left_behind.line(drop) for drop in plan.drops]
    return dataclasses.replace(
        plan,
        training=training,
        drops=tuple(drop for drop in drops if drop is not None),
        # what counts steps may look like a weight
        unexplained=tuple(one for one in plan.unexplained if one.name not in left_behind.used),
    )


def _section(
    optimizer: OptimizerIndex, parts: Sequence[OneOptimizer], policy: str, settings: str
) -> Training:
    """Returns what the parts of an optimizer take, and how they differ, together."""
    keeps = [keep for part in parts for keep in part.keeps]
    strict = policy == "use"
    lacking = [keep for keep in keeps if strict and keep.kind == "fresh"]
    differences = tuple(reason for part in parts for reason in part.differences)
    unread = tuple(dict.fromkeys(one for part in parts for one in part.unread))
    offer = optimizer.joined([part.offer for part in parts]) if differences else ""
    beyond = tuple(dict.fromkeys(reason for part in parts for reason in part.beyond))
    refused = [_refused(one.text, _BEYOND if beyond else offer) for one in differences]
    if unread and not settings:
        refused.append(_refused(f"nothing that tells {', '.join(unread)}", _ASSUME))
    return Training(
        optimizer=optimizer.kind,
        policy=policy,
        family=", ".join(dict.fromkeys(part.family for part in parts if part.family)),
        offer=offer,
        settings=settings,
        targets={path: target_spec(one.weight) for path, one in optimizer.items()},
        fills=tuple(fill for part in parts for fill in part.fills),
        keeps=tuple(keep for keep in keeps if keep not in lacking),
        unfilled=tuple(
            Problem(keep.target, "what the checkpoint has of it", keep.reason, remedy=_REMEDY)
            for keep in lacking
        ),
        differences=differences,
        beyond=beyond,
        unread=unread,
        refused=tuple(refused) if strict else (),
    )


def _refused(found: str, remedy: str) -> Problem:
    return Problem("optimizer", "what 1.15 computed", found, remedy=remedy)
