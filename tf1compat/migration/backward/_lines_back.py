"""The lines of a plan read backwards: what gives back which source, and what nothing does."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Container, Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.errors import UsageError
from tf1compat.migration.layouts.kept_numbers import PowerSteps
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning.lines import Drop, Fill
from tf1compat.migration.planning.optimizer_lines import Training
from tf1compat.migration.planning.optimizer_plan import without_training
from tf1compat.migration.planning.plan import Plan

__all__ = ["SHADOWS", "SLOTS", "LinesBack", "default_slots", "lines_back"]

SLOTS = ("follow", "keep", "drop")
"""What may become of an optimizer's slots and own numbers: as the model's has them; copied; out."""
SHADOWS = ("follow", "keep", "drop")
"""What may become of moving averages: the new value where theirs changed; copied; or left out."""

_AVERAGE = "carried_average"
_POWER = re.compile(r"beta\d_power")


@dataclasses.dataclass(frozen=True)
class LinesBack:
    """What gives back which source.

    Attributes:
      fills: lines whose targets give their sources back through the layout's inverse.
      drops: lines of what nothing gives back.
      counting: what the model's optimizer counts its steps in, and what that was filled with; the
        first of several, None where nothing counts them.
      powers: sources that are powers of a beta, multiplied by it at each step, with that beta.
      counted: of these, by what else their optimizer's steps are counted than by `counting`.
      counters: sources that count steps beside that.
      computed: lines of numbers that the v1 graph has no variable for.
      placeless: by the path of a variable of the optimizer, why the v1 graph has no place for it.
    """

    fills: tuple[Fill, ...]
    drops: tuple[Drop, ...]
    counting: Fill | None = None
    powers: Mapping[str, float] = dataclasses.field(default_factory=dict)
    counted: Mapping[str, Fill] = dataclasses.field(default_factory=dict)
    counters: tuple[str, ...] = ()
    computed: tuple[Fill, ...] = ()
    placeless: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def advanced(self) -> tuple[str, ...]:
        """The sources that follow from how many steps were taken."""
        return (*self.powers, *self.counters)


def default_slots(plan: Plan, held: Container[str] | None) -> str:
    """Returns what becomes of slots where nobody says it: they follow where any went along.

    Args:
      plan: a complete plan.
      held: the file that has the weights, in which the optimizer may be or not; None of a model.
    """
    fills = () if plan.training is None else plan.training.fills
    there = any(held is None or fill.target in held for fill in fills)
    return "follow" if there else "keep"


def lines_back(plan: Plan, entries: Mapping[str, Entry], *, slots: str, shadows: str) -> LinesBack:
    """Returns the lines of a complete plan as they are read backwards.

    Args:
      plan: a complete plan.
      entries: the checkpoint.
      slots: one of :data:`SLOTS`.
      shadows: one of :data:`SHADOWS`.

    Raises:
      UsageError: `slots` or `shadows` is none of these, or slots are to follow an optimizer that
        the plan doesn't speak of.
    """
    _require_one_of("slots", slots, SLOTS)
    _require_one_of("shadows", shadows, SHADOWS)
    if slots != "follow":
        return LinesBack(plan.fills, without_training(plan, entries).drops)
    if plan.training is None:
        raise UsageError(
            "--slots=follow: expected a plan that fills the optimizer of a compiled model, found "
            "one of weights alone; compile the model and plan with --optimizer=prefer, or keep the "
            "slots"
        )
    return _followed(plan, plan.training, entries, shadows)


def _followed(
    plan: Plan, training: Training, entries: Mapping[str, Entry], shadows: str
) -> LinesBack:
    weights = {source for fill in plan.fills for source in fill.sources}
    countings = tuple(filter(_counts, training.fills))
    counting = countings[0] if countings else None
    own = [fill for fill in training.fills if fill.sources and not weights & {*fill.sources}]
    given = [
        fill
        for fill in own
        if _beta(fill) is None and (shadows == "follow" or fill.because[0].kind.name != _AVERAGE)
    ]
    # Of the section's sources, those that nothing of it gives back are as if it weren't there.
    used = {source for fill in given for source in fill.sources}
    rest = [drop for drop in without_training(plan, entries).drops if drop.source not in used]
    powers = {name: beta for name, beta in _powers(countings, rest) if name not in used}
    counted = {
        name: fill
        for name in powers
        for fill in countings[1:]
        if _are_of_one(name, fill.sources[0])
    }
    counters = tuple(d.source for d in rest if counting and d.kind == "global_step")
    return LinesBack(
        fills=(*plan.fills, *given),
        drops=tuple(drop for drop in rest if drop.source not in {*powers, *counters}),
        counting=counting,
        powers=powers,
        counted=counted,
        counters=counters,
        computed=tuple(fill for fill in training.fills if not fill.sources),
        placeless=dict(_placeless(training, weights)),
    )


def _require_one_of(what: str, given: str, words: tuple[str, ...]) -> None:
    if given not in words:
        raise UsageError(f"{what}: expected one of {', '.join(words)}, found {given!r}")


def _counts(fill: Fill) -> bool:
    return fill.because[0].kind.name == "carried_step" or _beta(fill) is not None


def _beta(fill: Fill) -> float | None:
    """Returns the beta of whose power a line reads the steps; None for any other line.

    Such a power may have become zero since, from which no inverse tells the steps again.
    """
    layout = parse_layout(fill.layout)
    return layout.beta if isinstance(layout, PowerSteps) else None


def _powers(countings: tuple[Fill, ...], drops: list[Drop]) -> Iterator[tuple[str, float]]:
    for counting in countings:
        beta = _beta(counting)
        if beta is not None:
            yield counting.sources[0], beta
    for drop in drops if countings else ():
        if "beta" in drop.facts:
            yield drop.source, float(str(drop.facts["beta"]))


def _are_of_one(power: str, other: str) -> bool:
    """Tells whether two powers are of one optimizer: of 1.15's second one they end in ``_1``."""
    return _POWER.sub("", power) == _POWER.sub("", other)


def _placeless(training: Training, weights: set[str]) -> Iterator[tuple[str, str]]:
    for fill in training.fills:
        if weights & {*fill.sources}:
            yield fill.target, f"{', '.join(fill.sources)} gets the weight itself"
    for keep in training.keeps:
        if keep.kind != "unused":
            yield keep.target, keep.reason
