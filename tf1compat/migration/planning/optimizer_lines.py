"""The second section of a plan: what a model's optimizer goes on with.

Its variables are targets, and what the checkpoint keeps for training its sources, as weights and
variables are of the first section.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from tf1compat.errors import Problem
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.planning.lines import Fill, Keep
from tf1compat.names.reasons import Fact, Kind, Reason
from tf1compat.registry import Registry

__all__ = [
    "CARRIED_KINDS",
    "DIFFERENCE_KINDS",
    "FRESH_KINDS",
    "LEFT_KINDS",
    "Training",
    "carried",
    "differs",
    "fresh",
    "left",
]

_CARRIED = {
    "carried": Kind("carried", "slot {slot} of {of}"),
    "carried_average": Kind("carried_average", "moving average of {of}"),
    "carried_value": Kind("carried_value", "an average that begins with the value of {of}"),
    "carried_step": Kind("carried_step", "steps taken"),
    "carried_power": Kind("carried_power", "a power of {beta} tells the steps taken"),
    "carried_rate": Kind("carried_rate", "what the v1 graph's learning rate is at every step"),
    "carried_kept_rate": Kind("carried_kept_rate", "the learning rate that the optimizer kept"),
    "carried_number": Kind("carried_number", "a number that the optimizer kept"),
    "carried_scale": Kind("carried_scale", "loss scaling"),
}
CARRIED_KINDS: tuple[Kind, ...] = tuple(_CARRIED.values())
"""Why a variable of an optimizer is filled."""

FRESH_KINDS: Registry[Kind] = Registry(
    "kind of what an optimizer begins anew",
    (
        Kind("compiled", "as the model was compiled: {why}"),
        Kind("fresh", "begins anew: {why}"),
        Kind("unused", "nothing reads it"),
        Kind("uncounted", "begins anew: nothing counted steps, and none depends on its number"),
    ),
)
"""Why a variable of an optimizer keeps the value that it has."""

LEFT_KINDS: tuple[Kind, ...] = (
    Kind("slot_left", "slot {slot} of {of}, left behind: {why}", "slots left behind: {why}"),
    Kind("step_agrees", "of step {step}, as {source} has it"),
    Kind("state_left", "what training kept"),
)
"""Why what training kept is left behind although the model has an optimizer."""

DIFFERENCE_KINDS: Registry[Kind] = Registry(
    "kind of difference of optimizers",
    (
        Kind("setting", "{setting} {v1} in the v1 graph, {model} in the model's optimizer"),
        Kind("kept", "{setting} {v1} in the checkpoint, {model} in the model's optimizer"),
        Kind(
            "kept_schedule",
            "learning rate {v1} by the checkpoint, {model} in the model's optimizer",
        ),
        Kind("arithmetic", "{v1} in tf.keras of 1.15, {model} in the model's optimizer"),
        Kind("schedule", "learning rate {v1} in the v1 graph, {model} in the model's optimizer"),
        Kind(
            "by_weight", "{setting}: {v1} in the v1 graph, {model} in the model's optimizer: {of}"
        ),
        Kind("gradients", "gradients {v1} in the v1 graph, {model} in the model's optimizer"),
        Kind("steps", "{v1} in the v1 graph, {model} in the model's optimizer: {of}"),
        Kind("rows", "{v1} in the v1 graph, {model} in the model's optimizer: {of}"),
        Kind("scaled", "{v1} in the v1 graph, {model} in the model's optimizer"),
        Kind("shifted", "{v1} in the v1 graph, {model} in the model: {of}"),
        Kind("parted", "{v1} in the v1 graph, {model} in the model: {of}"),
        Kind("step", "{v1} in the checkpoint, {model} in the model's optimizer"),
        Kind("optimizer", "{v1} in the checkpoint, {model} in the model"),
        Kind("averaged_weights", "{v1} in the checkpoint, {model} in the model: {of}"),
    ),
)
"""What an optimizer computes otherwise than 1.15 did; with the facts `v1` and `model`."""


def carried(name: str, /, **facts: Fact) -> Reason:
    """Returns why a variable of an optimizer is filled."""
    return _CARRIED[name].because(**facts)


def fresh(name: str, /, **facts: Fact) -> Reason:
    """Returns why a variable of an optimizer keeps its value."""
    return FRESH_KINDS[name].because(**facts)


def left(name: str, /, **facts: Fact) -> Reason:
    """Returns why a source is left behind although the model has an optimizer."""
    return next(kind for kind in LEFT_KINDS if kind.name == name).because(**facts)


def differs(name: str, /, *, v1: object, model: object, **facts: Fact) -> Reason:
    """Returns what an optimizer computes otherwise."""
    return DIFFERENCE_KINDS[name].because(v1=str(v1), model=str(model), **facts)


@dataclasses.dataclass(frozen=True)
class Training:
    """What the optimizer that a model was compiled with goes on with.

    Attributes:
      optimizer: its class, by what Keras registers it as.
      policy: what is asked for, of :data:`tf1compat.names.carried.OPTIMIZER`.
      family: the optimizer of 1.x whose slots it takes, of
        :data:`tf1compat.migration.carrying.FAMILIES`; "" for none.
      offer: what would compute what 1.15 did, or come nearest, as one writes it; "" where the
        model's does, or none.
      beyond: what that computes otherwise than 1.15 did, too; () where it is accepted.
      targets: shape and dtype of each of its variables, by path.
      fills: those that are filled.
      keeps: those that stay as they are, with reasons.
      unfilled: a problem for each that should be filled and can't be.
      differences: what it computes otherwise than 1.15 did.
      refused: a problem for each of these, where all is to be as it was.
      settings: ``"compiled"`` where what isn't told is believed to be as compiled; else "".
      unread: its settings that aren't compared, as no graph tells what they were.
    """

    optimizer: str
    policy: str = "prefer"
    family: str = ""
    offer: str = ""
    settings: str = ""
    targets: Mapping[str, Spec] = dataclasses.field(default_factory=dict)
    fills: tuple[Fill, ...] = ()
    keeps: tuple[Keep, ...] = ()
    unfilled: tuple[Problem, ...] = ()
    differences: tuple[Reason, ...] = ()
    refused: tuple[Problem, ...] = ()
    unread: tuple[str, ...] = ()
    beyond: tuple[Reason, ...] = ()

    @property
    def accounted(self) -> list[str]:
        """The targets that its lines speak of."""
        return [
            *(fill.target for fill in self.fills),
            *(keep.target for keep in self.keeps),
            *(problem.name for problem in self.unfilled),
        ]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that keeps it from being complete."""
        return (*self.unfilled, *self.refused)

    @property
    def slots(self) -> int:
        """How many slots go along."""
        return sum(fill.because[0].kind.name == "carried" for fill in self.fills)

    def headline(self) -> str:
        """Returns in one line what goes along."""
        of = f"slots of {self.family}" if self.family else "slots"
        rest = f", {len(self.unfilled)} unfilled" if self.unfilled else ""
        more = f"; {len(self.differences)} differences from 1.15" if self.differences else ""
        return (
            f"optimizer {self.optimizer.rpartition('>')[2]}: {self.slots} {of} go along; "
            f"{len(self.targets)} variables: {len(self.fills)} filled, {len(self.keeps)} as they "
            f"are{rest}{more}"
        )

    def record(self) -> dict[str, Any]:
        """Returns what JSON holds of it; ``docs/training.md`` has the fields."""
        return {
            "optimizer": self.optimizer,
            "family": self.family,
            "slots": self.slots,
            "filled": len(self.fills),
            "kept": len(self.keeps),
            "unfilled": [problem.name for problem in self.unfilled],
            "differences": [
                {"kind": one.kind.name, **one.facts, "text": one.text} for one in self.differences
            ],
            "unread": list(self.unread),
            "settings": self.settings,
            "offer": self.offer,
            "beyond": [one.text for one in self.beyond],
        }

    def offered(self) -> Iterator[str]:
        """Yields what would compute what 1.15 did; or what comes nearest, and what it doesn't."""
        if self.offer and not self.beyond:
            yield f"as 1.15 computed: {self.offer}"
        elif self.offer:
            yield f"nearest to what 1.15 computed: {self.offer}"
            yield from (f"  which differs too: {one.text}" for one in self.beyond)

    def lines(self) -> Iterator[str]:
        """Yields the headline and a line for each variable and difference."""
        yield self.headline()
        for fill in self.fills:
            layout = f" [{fill.moved}]" if fill.moved else ""
            yield f"  {fill.target} <- {', '.join(fill.sources)}{layout}  ({fill.why})"
        for keep in self.keeps:
            yield f"  {keep.target} kept  ({keep.reason})"
        for problem in self.unfilled:
            yield f"  ! {problem}"
        for one in self.differences:
            yield f"  differs: {one.text}"
        if self.unread:
            yield f"  not compared, as no graph tells: {', '.join(self.unread)}"
        yield from (f"  {line}" for line in self.offered())
