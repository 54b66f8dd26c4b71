"""What one optimizer of a model goes on with: its lines, and what it computes otherwise."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.training_steps import TrainingSteps
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.optimizer_index import OptimizerIndex, OptimizerVariable
from tf1compat.migration.carrying import FAMILIES
from tf1compat.migration.carrying.family import Family, Taker
from tf1compat.migration.planning._averages_compared import AveragesCompared
from tf1compat.migration.planning._gradients_compared import GradientsCompared
from tf1compat.migration.planning._graph_numbers import GraphNumbers
from tf1compat.migration.planning._offer import Offered
from tf1compat.migration.planning._optimizer_differences import Compared
from tf1compat.migration.planning._optimizer_fills import OptimizerFills
from tf1compat.migration.planning._rates_compared import rate_differences
from tf1compat.migration.planning._said import said_of
from tf1compat.migration.planning._slot_fills import variables_of
from tf1compat.migration.planning._slots_by_role import slots_of
from tf1compat.migration.planning._steps_taken import steps_taken
from tf1compat.migration.planning.lines import Fill, Keep
from tf1compat.migration.planning.optimizer_lines import LEFT_KINDS, differs, fresh
from tf1compat.migration.planning.plan import Plan
from tf1compat.names.averages import find_averages
from tf1compat.names.reasons import Reason
from tf1compat.names.training_state import TRAINING_KINDS

__all__ = ["OF_TRAINING", "OneOptimizer"]

OF_TRAINING = (*(kind.name for kind in (*TRAINING_KINDS, *LEFT_KINDS)), "training_scalar")
"""Kinds of reasons for what training kept to be left behind."""


class OneOptimizer:
    """The lines of one optimizer, and what it computes otherwise than 1.15 did.

    Args:
      plan: what fills the weights.
      checkpoint: every variable.
      index: the model's index.
      optimizer: the optimizer's variables.
      steps: how the graph trains; None where there is none.

    Attributes:
      kind: the optimizer's class.
      family: the optimizer of 1.x that it goes on from; "" for none.
      variables: those of the weights that it trains.
      taken: how many steps were taken.
      fills: its variables that are filled.
      keeps: those that stay as they are.
      differences: what it computes otherwise.
      unread: its settings that nothing tells of the checkpoint's side.
      offer: what would compute the same, or come nearest; "" where that isn't known.
      beyond: what that computes otherwise, too.
    """

    def __init__(
        self,
        plan: Plan,
        checkpoint: Mapping[str, Entry],
        index: ModelIndex,
        optimizer: OptimizerIndex,
        steps: TrainingSteps | None,
    ) -> None:
        self._checkpoint, self._index, self._optimizer = checkpoint, index, optimizer
        self.kind = optimizer.kind
        self._weights = {f.target: f for f in plan.fills if f.target in optimizer.trained}
        self._of = {path: variables_of(f, checkpoint) for path, f in self._weights.items()}
        self.variables = {name for some in self._of.values() for name in some}
        self._untrained = dict(_untrained(plan, checkpoint, optimizer))
        left_out = {drop.source for drop in plan.drops if drop.kind not in OF_TRAINING}
        there = {name: entry for name, entry in checkpoint.items() if name not in left_out}
        mine = [one for one in (steps.steps if steps else ()) if one.variable in self.variables]
        self._slots = slots_of(there, steps)
        self._numbers = GraphNumbers(steps, mine, checkpoint)
        self._averages = find_averages(entry.name for entry in there.values())
        self._pair = self._chosen()
        family, taker = self._pair or (None, None)
        self.family = family.name if family else ""
        self._numbers = self._with_kept(family)
        settings = optimizer.settings
        self.taken = steps_taken(
            there, self._numbers, family=family, taker=taker, settings=settings
        )
        self._step = self.taken.counted or self.taken.steps or 0
        self._rate = self._numbers.rate(self._step)
        lines = [self._line(path, one) for path, one in optimizer.items()]
        self.fills = tuple(line for line in lines if isinstance(line, Fill))
        self.keeps = tuple(line for line in lines if isinstance(line, Keep))
        self._compared = AveragesCompared(
            self._numbers, optimizer, self._weights, self._of, self._averages, self._step
        )
        self.differences = tuple(self._differences())
        self.unread = tuple(self._unread())
        self.offer, self.beyond = self._offer()

    def _chosen(self) -> tuple[Family, Taker] | None:
        """Returns the optimizer of 1.x that most weights have slots of, and what takes it."""
        able = [
            (family, taker)
            for family in FAMILIES.values()
            if (taker := family.taker(self._optimizer.kind)) is not None
        ]
        counts = [self._count(family) for family, _ in able]
        if any(counts):
            return able[counts.index(max(counts))]
        alone = (one for one in able if self._slots.kept(one[0], self.variables) is not None)
        return next(alone, None)

    def _with_kept(self, family: Family | None) -> GraphNumbers:
        """Returns the numbers with those that an optimizer of tf.keras keeps beside its slots."""
        found = self._slots.kept(family, self.variables) if family else None
        return dataclasses.replace(self._numbers, kept=found)

    def _count(self, family: Family) -> int:
        return sum(
            all(
                self._slots.role_names(family, variable) is not None
                for variable in self._of[fill.target]
            )
            for fill in self._weights.values()
        )

    def _line(self, path: str, one: OptimizerVariable) -> Fill | Keep:
        if one.what == "" and "/scaling/" in path:
            return Keep(path, fresh("unused"))
        if self._pair is None:  # training begins anew, and nothing of before may tell it how
            return Keep(path, fresh("fresh", why="the checkpoint has no slots that it takes"))
        kept = self._numbers.kept
        make = OptimizerFills(
            *self._pair,
            self._optimizer,
            self._checkpoint,
            self._weights,
            self._slots,
            self._averages,
            self.taken,
            self._rate,
            kept.by_setting if kept else {},
        )
        return make.line(path, one)

    def _beside(self) -> Compared | None:
        return None if self._pair is None else self._compare(*self._pair, self._optimizer)

    def _compare(self, family: Family, taker: Taker, optimizer: OptimizerIndex) -> Compared:
        return Compared(
            family,
            taker,
            optimizer,
            self._numbers,
            list(self._weights.values()),
            self._of,
            self._untrained,
            self._index,
            self._step,
        )

    def _differences(self) -> Iterator[Reason]:
        compared = self._beside()
        if compared is None:
            other = self._other()
            if other:
                kind = self.kind.rpartition(">")[2]
                yield differs("optimizer", v1=other, model=kind)
            return
        yield from compared.differences()
        taker = compared.taker
        alone = not taker.powers
        number = self.taken.goes_on_at(alone=alone)
        yield from rate_differences(
            self._rate, self._optimizer, taker, step=self._step, iterations=number
        )
        yield from self._of_count(taker, scheduled=self._optimizer.scheduled)
        yield from self._compared.differences()

    def _of_count(self, taker: Taker, *, scheduled: bool) -> Iterator[Reason]:
        """Yields what the number of steps makes another."""
        yield from self.taken.differences(alone=not taker.powers)
        counts = self._numbers.counts_of(self.taken.counter)
        matters = taker.at_steps or scheduled or not self._rate.constant
        if len(counts) > 1 and matters:
            v1 = f"{self.taken.counter} counted by {said_of(counts)}"
            yield differs("step", v1=v1, model="one count of its own steps")

    def _unread(self) -> Iterator[str]:
        compared = self._beside()
        if compared is None:
            return
        yield from compared.unread()
        if not self._numbers.steps and self._slots.untold(self.variables, FAMILIES.values()):
            yield "kind of optimizer"
        if self._rate.now is None:
            yield "learning_rate"
        yield from self._compared.unread()

    def _other(self) -> str:
        """Returns what other optimizer than the model's the checkpoint is of; "" for none."""
        family, steps = self._others()
        kind = self.kind.rpartition(">")[2]
        if family is not None and any(family.slots):
            return f"slots of {family.name}"
        return f"steps of {', '.join(steps)}" if steps and [kind] != steps else ""

    def _others(self) -> tuple[Family | None, list[str]]:
        """Returns the optimizer that most weights have slots of, and all that steps are of."""
        counts = {one.name: self._count(one) for one in FAMILIES.values()}
        best = max(counts, key=lambda name: counts[name])
        steps = list(dict.fromkeys(step.optimizer for step in self._numbers.steps))
        return FAMILIES[best] if counts[best] else None, steps

    def _offer(self) -> tuple[str, tuple[Reason, ...]]:
        """Returns what is offered, and what of the differences would be left with it."""
        family = self._pair[0] if self._pair else self._others()[0]
        if family is None:
            return "", ()
        own = self._pair is not None and self._pair[1] is family.takers[0]
        offered = Offered(
            numbers=self._numbers if self._pair else self._with_kept(family),
            step=self._step,
            weights=list(self._weights.values()),
            variables=self._of,
            index=self._index,
            optimizer=self._optimizer.optimizer if own else None,
            more=self._compared.offered(),
        )
        each = offered.each(family) if self.differences else ()
        found = (reason for one, of in each for reason in self._left(one, of))
        return offered.text(family), tuple(dict.fromkeys(found))

    def _left(self, family: Family, offered: Offered) -> Iterator[Reason]:
        """Yields what one optimizer that is offered computes otherwise, once it was tried."""
        taker, tried = family.takers[0], offered.tried(family)
        if tried is None:
            yield from GradientsCompared(offered.numbers, {}).differences()
            return
        weights = {fill.target: fill for fill in offered.weights}
        own = dataclasses.replace(
            self._compare(family, taker, tried),
            numbers=offered.numbers,
            weights=list(weights.values()),
            variables=offered.variables,
        )
        yield from own.beyond_settings()
        yield from self._of_count(taker, scheduled=False)
        averages = dataclasses.replace(
            self._compared, optimizer=tried, weights=weights, variables=offered.variables
        )
        yield from averages.differences()


def _untrained(
    plan: Plan, checkpoint: Mapping[str, Entry], optimizer: OptimizerIndex
) -> Iterator[tuple[str, str]]:
    """Yields variables that fill weights which no optimizer trains, each with the weight."""
    for fill in plan.fills:
        if fill.target not in optimizer.all_trained:
            yield from ((name, fill.target) for name in variables_of(fill, checkpoint))
