"""What each variable of an optimizer is filled with, or why it stays as it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from tf1compat.checkpoint import Entry
from tf1compat.keras3.index.optimizer_index import OptimizerIndex, OptimizerVariable
from tf1compat.migration.carrying.family import Family, Taker
from tf1compat.migration.layouts.casts import Cast
from tf1compat.migration.layouts.kept_numbers import Constant, PowerSteps, power_after, shortest
from tf1compat.migration.layouts.layout import IDENTITY
from tf1compat.migration.planning._graph_numbers import Rate
from tf1compat.migration.planning._slot_fills import SlotFills, variables_of
from tf1compat.migration.planning._slots_by_role import Slots
from tf1compat.migration.planning._steps_taken import StepsTaken
from tf1compat.migration.planning.lines import Fill, Keep
from tf1compat.migration.planning.optimizer_lines import carried, fresh
from tf1compat.migration.planning.specs import source_spec, target_spec

__all__ = ["OptimizerFills"]

_SCALES = {"dynamic_scale": "current_loss_scale", "step_counter": "good_steps"}


@dataclasses.dataclass(frozen=True)
class OptimizerFills:
    """Makes the lines of an optimizer that goes on with the slots of one of 1.x.

    Attributes:
      family: the optimizer of 1.x.
      taker: what is known of the one that goes on.
      optimizer: its variables.
      checkpoint: what there is to go on with.
      weights: the lines of the weights that it trains, by path.
      slots: the slots of each variable.
      averages: the moving averages of each variable.
      taken: how many steps were taken.
      rate: the learning rate of the v1 graph.
      kept: by what they are, the variables in which an optimizer of tf.keras keeps its numbers.
    """

    family: Family
    taker: Taker
    optimizer: OptimizerIndex
    checkpoint: Mapping[str, Entry]
    weights: Mapping[str, Fill]
    slots: Slots
    averages: Mapping[str, Sequence[str]]
    taken: StepsTaken
    rate: Rate
    kept: Mapping[str, str]

    def line(self, path: str, one: OptimizerVariable) -> Fill | Keep:
        """Returns what becomes of one variable of the optimizer."""
        known: dict[str, Callable[[str, OptimizerVariable], Fill | Keep]] = {
            "iterations": self._steps,
            "learning_rate": self._rate,
            **dict.fromkeys(_SCALES, self._loss_scale),
            **dict.fromkeys(self.taker.powers, self._power),
            **dict.fromkeys(self.taker.numbers, self._number),
        }
        if one.what in known:
            return known[one.what](path, one)
        if not one.of:
            return Keep(path, fresh("fresh", why="nothing tells what it is"))
        weight = self.weights.get(one.of)
        if weight is None:
            return Keep(path, fresh("fresh", why=f"no variable fills {one.of}"))
        if one.what == "average":
            return self._average(path, weight)
        return self._slot(path, one, weight)

    def _slot(self, path: str, one: OptimizerVariable, weight: Fill) -> Fill | Keep:
        role = self.taker.slots.get(one.what)
        if role is None:
            return Keep(path, fresh("fresh", why=f"{self.family.name} has no such slot"))
        make = SlotFills(self.checkpoint, self.family, self.slots, self._scale())
        found = make.fill(path, target_spec(one.weight), role=role, weight=weight)
        return found if isinstance(found, Fill) else Keep(path, fresh("fresh", why=found))

    def _scale(self) -> float | None:
        """Returns what slots are multiplied by: the rate that the optimizer goes on with."""
        if not self.taker.scaled:
            return None
        own = self.rate.now if self.rate.constant and not self.optimizer.scheduled else None
        rate = self.optimizer.rate(self.taken.steps or 0) if own is None else own
        return -shortest(rate or 0.0)

    def _average(self, path: str, weight: Fill) -> Fill:
        """Keras' averages begin at the first step alone: later a zero would stay in them."""
        variables = variables_of(weight, self.checkpoint)
        found = [self.averages.get(variable, ()) for variable in variables]
        if all(len(some) == 1 for some in found):
            said = carried("carried_average", of=", ".join(variables))
            return Fill(path, tuple(some[0] for some in found), weight.layout, (said,))
        said = carried("carried_value", of=", ".join(weight.sources))
        return Fill(path, weight.sources, weight.layout, (said,))

    def _steps(self, path: str, one: OptimizerVariable) -> Fill | Keep:
        taken = self.taken
        if self.optimizer.settings.get("gradient_accumulation_steps"):
            why = "gradients are accumulated, and Keras counts batches then"
            return Keep(path, fresh("fresh", why=why))
        powers = list(taken.powers.items())
        alone = not self.taker.powers  # one count has to do for all
        if powers and (taken.counter is None or (alone and not taken.agreeing)):
            source, (beta, _) = powers[0]
            layout = str(PowerSteps(beta, one.weight.dtype))
            return Fill(path, (source,), layout, (carried("carried_power", beta=f"{beta:g}"),))
        if taken.counter is None:
            if not self._depends_on_steps():
                return Keep(path, fresh("uncounted"))
            return Keep(path, fresh("fresh", why="nothing in the checkpoint tells the step"))
        return self._as_it_is(path, one, taken.counter, "carried_step")

    def _depends_on_steps(self) -> bool:
        """Tells whether any step of the optimizer depends on its number."""
        corrected = bool(self.family.powers) and not self.taker.powers
        changes = self.optimizer.scheduled or not self.rate.constant or self.taker.at_steps
        return bool(corrected or changes or self.optimizer.settings.get("use_ema"))

    def _power(self, path: str, one: OptimizerVariable) -> Fill | Keep:
        power = self.taker.powers[one.what]
        source, beta = self.taken.kept.get(power, (None, None))
        said = carried("carried_power", beta="" if beta is None else f"{beta:g}")
        if source is not None:
            return Fill(path, (source,), str(IDENTITY), (said,))
        if beta is None or self.taken.counted is None:
            return Keep(path, fresh("fresh", why=f"the checkpoint has no {power}, and no step"))
        return Fill(path, (), str(Constant(power_after(self.taken.counted, beta))), (said,))

    def _number(self, path: str, one: OptimizerVariable) -> Fill | Keep:
        number = self.taker.numbers[one.what]
        if number not in self.kept:
            return Keep(path, fresh("fresh", why=f"the checkpoint has no {number}"))
        return self._as_it_is(path, one, self.kept[number], "carried_number")

    def _rate(self, path: str, one: OptimizerVariable) -> Fill | Keep:
        rate = self.rate
        if rate.constant and rate.source:
            return self._as_it_is(path, one, rate.source, "carried_kept_rate")
        if rate.constant and rate.now is not None:
            value = Constant(shortest(rate.now), one.weight.dtype)
            return Fill(path, (), str(value), (carried("carried_rate"),))
        why = rate.why or "the v1 graph's follows a schedule"
        return Keep(path, fresh("compiled", why=why))

    def _loss_scale(self, path: str, one: OptimizerVariable) -> Fill | Keep:
        leaf = _SCALES[one.what]
        found = [
            name
            for name, entry in self.checkpoint.items()
            if entry.name.kind == "loss_scale" and entry.name.leaf == leaf and not entry.shape
        ]
        if len(found) != 1:
            return Keep(path, fresh("fresh", why="the checkpoint has no loss scale"))
        return self._as_it_is(path, one, found[0], "carried_scale")

    def _as_it_is(self, path: str, one: OptimizerVariable, source: str, why: str) -> Fill:
        same = source_spec(self.checkpoint[source]).dtype == one.weight.dtype
        layout = IDENTITY if same else Cast(one.weight.dtype)
        return Fill(path, (source,), str(layout), (carried(why),))
