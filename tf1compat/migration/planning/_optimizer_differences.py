"""What the optimizer of a model computes otherwise than that of 1.15 did, both sides named."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence

from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.optimizer_index import OptimizerIndex
from tf1compat.migration.carrying.family import Family, Taker
from tf1compat.migration.layouts.kept_numbers import shortest
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning._graph_numbers import GraphNumbers, Rate
from tf1compat.migration.planning._slot_fills import changes_values
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.optimizer_lines import differs
from tf1compat.names.reasons import Reason

__all__ = ["Compared", "averages_beside_slots", "offer_of", "rate_differences"]

_NEAR = 1e-5  # relative
_SHOWN = 3


@dataclasses.dataclass(frozen=True)
class Compared:
    """Both sides.

    Attributes:
      family: the optimizer of 1.x.
      taker: what goes on with it.
      optimizer: that of the model.
      numbers: of the graph's steps.
      weights: the lines of the weights that are trained.
      index: the model's index.
    """

    family: Family
    taker: Taker
    optimizer: OptimizerIndex
    numbers: GraphNumbers
    weights: Sequence[Fill]
    index: ModelIndex

    def differences(self) -> Iterator[Reason]:
        """Yields what differs, but for the learning rate."""
        yield from self._settings()
        yield from self._rows()
        layouts = {fill.target: parse_layout(fill.layout) for fill in self.weights}
        if self.family.by_value:
            shifted = [path for path, one in layouts.items() if changes_values(one)]
            yield from _of(
                "shifted", shifted, v1="variables without a constant", model="with one added"
            )
        if self.family.by_whole:
            parted = [
                fill.target
                for fill in self.weights
                if layouts[fill.target].takes_part or len(fill.sources) > 1
            ]
            yield from _of("parted", parted, v1="steps as long as variables are", model="others")

    def unread(self) -> tuple[str, ...]:
        """Returns the settings of which no graph tells what they were."""
        numbers = self.numbers
        return tuple(
            one
            for one, name in self.taker.settings.items()
            if numbers.setting(name) is None and not numbers.several(name)
        )

    def decays(self, known: Iterable[float]) -> Iterator[Reason]:
        """Yields the decays of moving averages that aren't that of Keras' averages."""
        model = self.optimizer.settings.get("ema_momentum")
        for decay in sorted(known):
            if not isinstance(model, float) or abs(decay - model) > _NEAR:
                v1 = f"{shortest(decay):g}"
                yield differs("setting", setting="ema_momentum", v1=v1, model=model)

    def _settings(self) -> Iterator[Reason]:
        for config, name in {**self.taker.settings, "learning_rate": "rate"}.items():
            if several := self.numbers.several(name):
                each = " and ".join(map(_said, several))
                one = _said(self.optimizer.settings.get(config))
                yield differs("setting", setting=config, v1=each, model=one)
        for config, name in self.taker.settings.items():
            v1, model = self.numbers.setting(name), self.optimizer.settings.get(config)
            if v1 is not None and not _alike(v1, model):
                yield differs("setting", setting=config, v1=_said(v1), model=_said(model))
        for config, fixed in self.taker.fixed.items():
            model = self.optimizer.settings.get(config)
            if not _alike(fixed, model):
                yield differs("setting", setting=config, v1=_said(fixed), model=_said(model))
        # What clips gradients in a v1 graph stands before its steps, which aren't looked at.
        known = dict.fromkeys(("weight_decay", "gradient_accumulation_steps"), "none")
        known |= dict.fromkeys(("clipnorm", "clipvalue", "global_clipnorm"), "not compared")
        for config, told in known.items():
            model = self.optimizer.settings.get(config)
            if model is not None and config not in self.taker.fixed:
                yield differs("setting", setting=config, v1=told, model=_said(model))

    def _rows(self) -> Iterator[Reason]:
        """Yields how tables of which rows are looked up step otherwise."""
        seen, dense = self.optimizer.sees_rows, self.family.dense
        if (self.taker.rows and (seen or dense)) or (not seen and dense):
            return
        rows = {step.variable for step in self.numbers.steps if step.rows}
        tables = [
            fill.target
            for fill in self.weights
            if rows.intersection(fill.sources) or self.index[fill.target].role == "embedding"
        ]
        v1 = "the gradients of a row are added up" if dense else "rows without a gradient stay"
        model = "squared one by one" if dense else "all rows take each step"
        yield from _of("rows", tables, v1=v1, model=model)


def rate_differences(
    rate: Rate, optimizer: OptimizerIndex, taker: Taker | None
) -> Iterator[Reason]:
    """Yields where the learning rates of both sides part, from the next step on."""
    apart = [
        (step, v1, model)
        for step, v1 in rate.later.items()
        if (model := optimizer.rate(step)) is not None and not _alike(v1, model)
    ]
    if apart and (optimizer.scheduled or not rate.constant):
        step, v1, model = apart[0]
        both = (f"{shortest(one):g} at step {step}" for one in (v1, model))
        yield differs("schedule", v1=next(both), model=next(both))
    if taker is not None and taker.scaled and (optimizer.scheduled or rate.now is None):
        known = "no constant" if rate.now is not None else "not known"
        yield differs(
            "scaled",
            v1=f"the learning rate ({known}) multiplies the sum of gradients",
            model="each gradient",
        )


def averages_beside_slots(paths: Iterable[str]) -> Iterator[Reason]:
    """Yields that weights are averages, where slots are those of what was trained."""
    v1 = "slots of the trained weights"
    yield from _of("averaged_weights", paths, v1=v1, model="their moving averages")


def offer_of(family: Family, numbers: GraphNumbers, rate: Rate) -> str:
    """Returns what computes what 1.15 did, as one writes it."""
    taker = family.takers[0]
    said = [] if rate.now is None else [f"learning_rate={_rate_said(rate)}"]
    said += [
        f"{config}={_said(value)}"
        for config, name in taker.settings.items()
        if (value := numbers.setting(name)) is not None
    ]
    return f"tf1compat.keras3.v1_optimizers.{taker.kind.rpartition('>')[2]}({', '.join(said)})"


def _rate_said(rate: Rate) -> str:
    return f"{shortest(rate.now or 0.0):g}" if rate.constant else "..."


def _of(name: str, paths: Iterable[str], *, v1: str, model: str) -> Iterator[Reason]:
    if some := list(paths):
        more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
        yield differs(name, v1=v1, model=model, of=f"{', '.join(some[:_SHOWN])}{more}")


def _alike(v1: object, model: object) -> bool:
    plain = (int, float)
    if isinstance(v1, plain) and isinstance(model, plain):
        return math.isclose(v1, model, rel_tol=_NEAR, abs_tol=0.0)
    return v1 == model


def _said(value: object) -> str:
    if isinstance(value, float):
        return f"{shortest(value):g}"
    return "none" if value is None else str(value)
