"""The second section of a plan made: what the optimizer of a model goes on with."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.training_steps import read_training_steps
from tf1compat.errors import Problem, UsageError
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.optimizer_index import (
    OptimizerIndex,
    OptimizerVariable,
    index_optimizer,
)
from tf1compat.migration.carrying import FAMILIES
from tf1compat.migration.carrying.family import Family, Taker
from tf1compat.migration.layouts.kept_numbers import shortest
from tf1compat.migration.planning._graph_numbers import GraphNumbers
from tf1compat.migration.planning._optimizer_differences import (
    Compared,
    averages_beside_slots,
    offer_of,
    rate_differences,
)
from tf1compat.migration.planning._optimizer_fills import OptimizerFills
from tf1compat.migration.planning._slot_fills import variables_of
from tf1compat.migration.planning._slots_by_role import slots_of
from tf1compat.migration.planning._steps_taken import steps_taken
from tf1compat.migration.planning.lines import Drop, Fill, Keep
from tf1compat.migration.planning.optimizer_lines import (
    LEFT_KINDS,
    Training,
    differs,
    fresh,
    left,
)
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.specs import target_spec
from tf1compat.names.averages import find_averages
from tf1compat.names.carried import OPTIMIZER
from tf1compat.names.reasons import Reason
from tf1compat.names.training_state import TRAINING_KINDS, training_reason

__all__ = ["with_training", "with_training_again", "without_training"]

_OF_TRAINING = (*(kind.name for kind in (*TRAINING_KINDS, *LEFT_KINDS)), "training_scalar")
_REMEDY = "optimizer=prefer takes what there is"


def with_training(
    plan: Plan,
    checkpoint: Mapping[str, Entry],
    index: ModelIndex,
    *,
    graph: str | os.PathLike[str] | None,
    policy: str,
) -> Plan:
    """Returns `plan` with what the model's optimizer goes on with, where it has one.

    Args:
      plan: what fills the weights.
      checkpoint: every variable.
      index: the model's index.
      graph: where the checkpoint's graph is.
      policy: one of :data:`tf1compat.names.carried.OPTIMIZER`.

    Raises:
      UsageError: the slots are to be used and the model isn't compiled, or it is no policy.
    """
    if policy not in OPTIMIZER:
        raise UsageError(f"optimizer: expected one of {', '.join(OPTIMIZER)}, found {policy!r}")
    optimizer = None if policy == "ignore" else index_optimizer(index)
    if optimizer is None:
        if policy == "use":
            raise UsageError(
                "optimizer=use: expected a model that is compiled with an optimizer, found one "
                "that isn't; call its compile()"
            )
        return plan
    return _Maker(plan, checkpoint, index, optimizer, graph).plan(policy)


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
    return with_training(plain, checkpoint, index, graph=graph, policy=plan.training.policy)


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


class _Maker:
    """Makes the section of one optimizer."""

    def __init__(
        self,
        plan: Plan,
        checkpoint: Mapping[str, Entry],
        index: ModelIndex,
        optimizer: OptimizerIndex,
        graph: str | os.PathLike[str] | None,
    ) -> None:
        self._plan, self._checkpoint = plan, checkpoint
        self._index, self._optimizer = index, optimizer
        owned = {one.of for one in optimizer.values()}
        trained = {weight.path for weight in index.values() if weight.trainable}
        self._weights = {f.target: f for f in plan.fills if f.target in owned | trained}
        self._variables = {
            name for fill in self._weights.values() for name in variables_of(fill, checkpoint)
        }
        left_out = {drop.source for drop in plan.drops if drop.kind not in _OF_TRAINING}
        there = {name: entry for name, entry in checkpoint.items() if name not in left_out}
        steps = read_training_steps(graph) if graph is not None else None
        mine = [one for one in (steps.steps if steps else ()) if one.variable in self._variables]
        self._slots = slots_of(there, steps)
        self._numbers = GraphNumbers(steps, mine, checkpoint)
        self._averages = find_averages(entry.name for entry in there.values())
        self._pair = self._chosen()
        self._taken = steps_taken(
            there,
            self._numbers,
            family=self._pair[0] if self._pair else None,
            taker=self._pair[1] if self._pair else None,
            settings=optimizer.settings,
        )
        self._rate = self._numbers.rate(self._taken.counted or self._taken.steps or 0)

    def _chosen(self) -> tuple[Family, Taker] | None:
        """Returns the optimizer of 1.x that most weights have slots of, and what takes it."""
        able = [
            (family, taker)
            for family in FAMILIES.values()
            if (taker := family.taker(self._optimizer.kind)) is not None
        ]
        counts = [self._count(family) for family, _ in able]
        return able[counts.index(max(counts))] if any(counts) else None

    def _count(self, family: Family) -> int:
        return sum(
            all(
                self._slots.role_names(family, variable) is not None
                for variable in variables_of(fill, self._checkpoint)
            )
            for fill in self._weights.values()
        )

    def plan(self, policy: str) -> Plan:
        """Returns the plan with the section."""
        lines = [self._line(path, one) for path, one in self._optimizer.items()]
        fills = tuple(line for line in lines if isinstance(line, Fill))
        keeps = [line for line in lines if isinstance(line, Keep)]
        strict = policy == "use"
        lacking = [keep for keep in keeps if strict and keep.kind == "fresh"]
        compared = self._compared()
        found = tuple(self._differences(compared))
        offer = self._offer() if found else ""
        training = Training(
            optimizer=self._optimizer.kind,
            policy=policy,
            family=self._pair[0].name if self._pair else "",
            offer=offer,
            targets={path: target_spec(one.weight) for path, one in self._optimizer.items()},
            fills=fills,
            keeps=tuple(keep for keep in keeps if keep not in lacking),
            unfilled=tuple(
                Problem(keep.target, "what the checkpoint has of it", keep.reason, remedy=_REMEDY)
                for keep in lacking
            ),
            differences=found,
            unread=compared.unread() if compared else (),
            refused=tuple(
                Problem("optimizer", "what 1.15 computed", one.text, remedy=offer)
                for one in found
                if strict
            ),
        )
        used = {source for fill in fills for source in fill.sources}
        drops = [self._drop(drop, used) for drop in self._plan.drops]
        return dataclasses.replace(
            self._plan, training=training, drops=tuple(drop for drop in drops if drop is not None)
        )

    def _line(self, path: str, one: OptimizerVariable) -> Fill | Keep:
        if one.what == "" and "/scaling/" in path:
            return Keep(path, fresh("unused"))
        if self._pair is None:  # training begins anew, and nothing of before may tell it how
            return Keep(path, fresh("fresh", why="the checkpoint has no slots that it takes"))
        make = OptimizerFills(
            *self._pair,
            self._optimizer,
            self._checkpoint,
            self._weights,
            self._slots,
            self._averages,
            self._taken,
            self._rate,
        )
        return make.line(path, one)

    def _compared(self) -> Compared | None:
        if self._pair is None:
            return None
        weights = list(self._weights.values())
        return Compared(*self._pair, self._optimizer, self._numbers, weights, self._index)

    def _differences(self, compared: Compared | None) -> Iterator[Reason]:
        if compared is None:
            other = self._other()
            if other is not None:
                kind = self._optimizer.kind.rpartition(">")[2]
                yield differs("optimizer", v1=f"slots of {other.name}", model=kind)
            return
        yield from compared.differences()
        taker = compared.taker
        yield from rate_differences(self._rate, self._optimizer, taker)
        if not self._taken.agreeing and not taker.powers:
            powers = ", ".join(f"{p} of step {n}" for p, (_, n) in self._taken.powers.items())
            counted = f"; {self._taken.counter} is {self._taken.counted}"
            yield differs("step", v1=f"{powers}{counted}", model="one count")
        if not taker.powers:
            for power, beta in self._taken.odd.items():
                v1 = f"{power}, which is no power of {beta:g},"
                yield differs("step", v1=v1, model="a count of steps")
        averaged = [path for path, fill in self._weights.items() if self._is_averaged(fill)]
        yield from averages_beside_slots(averaged)
        yield from compared.decays(self._decays())

    def _is_averaged(self, fill: Fill) -> bool:
        return any(self._checkpoint[name].name.kind == "shadow" for name in fill.sources)

    def _decays(self) -> set[float]:
        """Returns the decays of the moving averages that Keras' averages are filled with."""
        averaged = {one.of for one in self._optimizer.values() if one.what == "average"}
        return {
            decay
            for path in averaged & self._weights.keys()
            for variable in variables_of(self._weights[path], self._checkpoint)
            for average in self._averages.get(variable, ())
            if (decay := self._numbers.decay(average)) is not None
        }

    def _other(self) -> Family | None:
        """Returns the optimizer whose slots most weights have; None if none has any."""
        counts = {one.name: self._count(one) for one in FAMILIES.values() if any(one.slots)}
        best = max(counts, key=lambda name: counts[name])
        return FAMILIES[best] if counts[best] else None

    def _offer(self) -> str:
        family = self._pair[0] if self._pair else self._other()
        return "" if family is None else offer_of(family, self._numbers, self._rate)

    def _drop(self, drop: Drop, used: set[str]) -> Drop | None:
        """Returns the line of what is left behind, with why; None for what goes along."""
        source, taken = drop.source, self._taken
        if source in used and drop.kind in _OF_TRAINING:
            return None
        if source in taken.powers and taken.powers[source][1] == taken.counted:
            step = taken.powers[source][1]
            drop = Drop(source, left("step_agrees", step=step, source=taken.counter or ""))
        if drop.kind != "slot":
            return self._with_beta(drop)
        slot, of = (str(drop.facts.get(fact, "")) for fact in ("slot", "of"))
        kind = self._optimizer.kind.rpartition(">")[2]
        why = f"{kind} has no place for it" if of in self._variables else "it trains no such weight"
        return Drop(source, left("slot_left", slot=slot, of=of, why=why))

    def _with_beta(self, drop: Drop) -> Drop:
        """Returns the line of a power with the fact that makes it follow steps on the way back."""
        betas = [beta for source, beta in self._taken.kept.values() if source == drop.source]
        if not betas or betas[0] is None:
            return drop
        because = drop.because
        facts = {**because.facts, "beta": str(shortest(betas[0]))}
        return dataclasses.replace(drop, because=dataclasses.replace(because, facts=facts))
