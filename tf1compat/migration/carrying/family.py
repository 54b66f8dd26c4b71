"""What is known of an optimizer of 1.x for its slots to go on in one of Keras 3."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tf1compat.errors import UsageError

__all__ = ["Family", "Kept", "Taker"]


def _none() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclasses.dataclass(frozen=True)
class Taker:
    """An optimizer of Keras 3 that goes on where one of 1.x stopped.

    Attributes:
      kind: its class, by what Keras registers it as: ``"keras>Adam"``.
      slots: by what it calls its variables of a weight, the slots of 1.x that they are.
      settings: by what its configuration calls them, the settings of 1.x that they are.
      fixed: what else of its configuration must be how, for it to compute what 1.15 did.
      by_weight: of settings that a graph's steps have on some variables alone, what the
        configuration calls the patterns of the others, and the method that tells of a weight's path
        in Keras whether it has it.
      at_steps: of settings that change with the step, its method that tells them of a step.
      rows: whether it computes, of a gradient of a few rows of a table, what 1.15 did.
      scaled: whether its slots are those of 1.x times the negative learning rate.
      powers: by what it calls them, the powers of a beta that it keeps as 1.x does.
      numbers: by what it calls them, other numbers of :attr:`Kept.numbers` that it keeps.
      otherwise: what 1.x computed where it computes something else, and what that is; () where its
        settings tell all.
    """

    kind: str
    slots: Mapping[str, str]
    settings: Mapping[str, str] = dataclasses.field(default_factory=_none)
    fixed: Mapping[str, object] = dataclasses.field(default_factory=_none)
    by_weight: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=_none)
    at_steps: Mapping[str, str] = dataclasses.field(default_factory=_none)
    rows: bool = False
    scaled: bool = False
    powers: Mapping[str, str] = dataclasses.field(default_factory=_none)
    numbers: Mapping[str, str] = dataclasses.field(default_factory=_none)
    otherwise: tuple[str, str] | tuple[()] = ()


@dataclasses.dataclass(frozen=True)
class Kept:
    """How checkpoints keep what an optimizer has that calls its slots by names of their own.

    Optimizers of tf.keras do, of which several have an ``m`` and a ``v``, and in checkpoints of
    objects those of tf.train do too.

    Attributes:
      within: the optimizer that saved names tell, ``training/RMSprop/dense/kernel/rms``.
      counter: what it counts its steps in, beside its slots: ``"iter"`` in Keras until 2.10 (and
        in its ``optimizers.legacy``), ``"iterations"`` since; ``""`` in tf.train, which has none.
      slots: by what they are called, the slots.
      numbers: by what is beside the counter, the setting or number that it is.
    """

    within: str
    counter: str
    slots: Mapping[str, str]
    numbers: Mapping[str, str] = dataclasses.field(default_factory=_none)

    def may_be(self, maker: str, counter: str | None) -> bool:
        """Tells whether slots may be kept so.

        Args:
          maker: the optimizer that saved names tell, in lower case; "" where they tell none, as
            their author gave it a name.
          counter: what is beside the slots to count steps; None where nothing tells.
        """
        if maker != self.within.lower() and (maker or counter is None):
            return False
        return counter in (None, self.counter)


@dataclasses.dataclass(frozen=True)
class Family:
    """An optimizer of 1.x.

    Attributes:
      name: what it goes by.
      slots: what its slots are called, in order of creation; several where it has more or fewer.
      takers: what goes on with them. The first computes what 1.15 did.
      ops: the types of ops that are its steps, without ``Apply`` and what is before it.
      called: what 1.15 calls the slots of an optimizer that isn't given a name, without the number
        behind it; () where they are called by hand.
      by_hand: what programs call its slots that make them by hand, by the slot.
      powers: scalars of it that tell its step, each with the setting that it is a power of.
      lacks: by a slot that is a mean over an axis of its variable, which, counted from behind.
      by_value: whether a step depends on a variable's value, so that one with a constant added to
        it takes others.
      by_whole: ``"all"`` where a step depends on the whole variable, so that a part takes others,
        or which of `by_weight` of what takes it makes it so; else "".
      moves_rows: whether rows without a gradient would move if they took steps; those of plain
        gradient descent wouldn't.
      dense: whether it gives all rows a step where the gradient has a few.
      kept: how checkpoints keep its slots where they go by names of their own.
      told: by a setting that is on where a slot of `kept` is there, the slot.
    """

    name: str
    slots: tuple[tuple[str, ...], ...]
    takers: tuple[Taker, ...]
    ops: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    by_hand: Mapping[str, str] = dataclasses.field(default_factory=_none)
    powers: Mapping[str, str] = dataclasses.field(default_factory=_none)
    lacks: Mapping[str, int] = dataclasses.field(default_factory=_none)
    by_value: bool = False
    by_whole: str = ""
    moves_rows: bool = True
    dense: bool = False
    kept: tuple[Kept, ...] = ()
    told: Mapping[str, str] = dataclasses.field(default_factory=_none)

    def taker(self, kind: str) -> Taker | None:
        """Returns what goes on with it that is of a class; None where that can't."""
        return next((one for one in self.takers if one.kind == kind), None)

    def check(self) -> None:
        """Does nothing where all that is said fits together.

        Raises:
          UsageError: nothing takes it, or a taker asks for a slot that it doesn't have.
        """
        known = {slot for some in self.slots for slot in some}
        if not self.takers:
            raise UsageError(f"optimizer {self.name!r}: expected one that takes it, found none")
        asked = [(taker.kind, taker.slots) for taker in self.takers]
        asked += [(one.within, one.slots) for one in self.kept]
        for who, slots in asked:
            if unknown := sorted({*slots.values()} - known):
                raise UsageError(
                    f"optimizer {self.name!r}: expected slots of {', '.join(sorted(known))}, found "
                    f"{', '.join(unknown)} for {who}"
                )
