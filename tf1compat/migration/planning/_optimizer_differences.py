"""What the optimizer of a model computes otherwise than that of 1.15 did, both sides named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.optimizer_index import OptimizerIndex
from tf1compat.migration.carrying.family import Family, Taker
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning._gradients_compared import GradientsCompared
from tf1compat.migration.planning._graph_numbers import GraphNumbers
from tf1compat.migration.planning._rates_compared import parting
from tf1compat.migration.planning._said import alike, said, said_of
from tf1compat.migration.planning._whole_variables import WholeVariables
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.optimizer_lines import differs
from tf1compat.names.reasons import Reason

__all__ = ["Compared", "averages_beside_slots"]


@dataclasses.dataclass(frozen=True)
class Compared:
    """Both sides.

    Attributes:
      family: the optimizer of 1.x.
      taker: what goes on with it.
      optimizer: that of the model.
      numbers: of the graph's steps.
      weights: the lines of the weights that are trained.
      variables: the variables that each of these is of, by its path.
      untrained: the weights that aren't, by the variables that fill them.
      index: the model's index.
      step: number of the next step.
    """

    family: Family
    taker: Taker
    optimizer: OptimizerIndex
    numbers: GraphNumbers
    weights: Sequence[Fill]
    variables: Mapping[str, Sequence[str]]
    untrained: Mapping[str, str]
    index: ModelIndex
    step: int

    def differences(self) -> Iterator[Reason]:
        """Yields what differs, but for the learning rate and averages."""
        yield from self._settings()
        yield from self._at_steps()
        yield from self._by_weight()
        yield from self._rows()
        yield from self._values()
        yield from self._changes()

    def beyond_settings(self) -> Iterator[Reason]:
        """Yields the same of an optimizer that isn't built, which is told of whole variables."""
        yield from self._settings()
        yield from self._at_steps()
        yield from self._by_weight()
        yield from self._rows()
        yield from self._clipped()
        yield from self._changes()

    def _changes(self) -> Iterator[Reason]:
        yield from GradientsCompared(self.numbers, self.optimizer.settings).differences()
        yield from self._steps()

    def unread(self) -> tuple[str, ...]:
        """Returns the settings of which no graph tells what they were."""
        numbers = self.numbers
        by_weight = [config for config, _ in self.taker.by_weight.values() if not numbers.steps]
        clips = () if numbers.steps else ("clipping",)
        return (
            *(
                config
                for config, name in self.taker.settings.items()
                if self._setting(name) is None
                and not numbers.several(name)
                and not numbers.unused(name)
            ),
            *(name for name in self.taker.at_steps if numbers.later(name, self.step) is None),
            *by_weight,
            *clips,
        )

    def _setting(self, name: str) -> float | None:
        numbers = self.numbers
        if name in self.taker.by_weight:
            return numbers.setting_of_some(name)
        return numbers.setting(name)

    def _settings(self) -> Iterator[Reason]:
        settings = self.optimizer.settings
        for config, name in {**self.taker.settings, "learning_rate": "rate"}.items():
            if several := self.numbers.several(name):
                each = " and ".join(map(said, several))
                yield differs("setting", setting=config, v1=each, model=said(settings.get(config)))
        for config, name in self.taker.settings.items():
            v1, model = self._setting(name), settings.get(config)
            if v1 is not None and not alike(v1, model):
                kind = "setting" if self.numbers.steps else "kept"
                yield differs(kind, setting=config, v1=said(v1), model=said(model))
        yield from self._changing()
        yield from self._kept()
        for config, fixed in self.taker.fixed.items():
            model = settings.get(config)
            if not alike(fixed, model):
                yield differs("setting", setting=config, v1=said(fixed), model=said(model))
        for config in ("weight_decay", "gradient_accumulation_steps", "ema_overwrite_frequency"):
            model = settings.get(config)
            if model is not None and config not in {*self.taker.fixed, *self.taker.settings}:
                yield differs("setting", setting=config, v1="none", model=said(model))

    def _changing(self) -> Iterator[Reason]:
        """Yields settings that are alike now, and change with the step in the v1 graph alone."""
        for config, name in self.taker.settings.items():
            v1, model = self.numbers.later(name, self.step), self.optimizer.settings.get(config)
            if v1 is None or not isinstance(model, float):
                continue
            found = parting(v1, partial(_same, model), ())
            if found is not None and found[0] > 0:
                later, one, other = found
                both = (f"{value:g} at step {self.step + later}" for value in (one, other))
                yield differs("setting", setting=config, v1=next(both), model=next(both))

    def _kept(self) -> Iterator[Reason]:
        """Yields what an optimizer of tf.keras keeps and the model's has no setting for."""
        if self.taker.otherwise:
            v1, model = self.taker.otherwise
            yield differs("arithmetic", v1=v1, model=model)
        known = {*self.taker.settings.values(), *self.taker.numbers.values()}
        for name in self.numbers.kept.by_setting if self.numbers.kept else ():
            value = self.numbers.setting(name)
            if name not in known and value:
                yield differs("kept", setting=name, v1=said(value), model="none")

    def _at_steps(self) -> Iterator[Reason]:
        """Yields the settings that change with the step and part."""
        for name, method in self.taker.at_steps.items():
            v1 = self.numbers.later(name, self.step)
            tells = getattr(self.optimizer.optimizer, method, None)
            if v1 is None or tells is None:
                continue
            found = parting(v1, partial(_at, tells, self.step), ())
            if found is not None:
                later, one, other = found
                both = (f"{value:g} at step {self.step + later}" for value in (one, other))
                yield differs("setting", setting=name, v1=next(both), model=next(both))

    def _by_weight(self) -> Iterator[Reason]:
        """Yields what is done to some variables on one side alone, such as a decay."""
        for name, (config, method) in self.taker.by_weight.items():
            tells = getattr(self.optimizer.optimizer, method, None)
            if tells is None or not self.numbers.steps:
                continue
            having = self.numbers.having(name)
            more: list[str] = []
            less: list[str] = []
            for path, variables in self.variables.items():
                v1 = all(one in having for one in variables)
                model = bool(tells(self.index[path].keras_path))
                if v1 != model:
                    (less if v1 else more).append(path)
            yield from _of("by_weight", less, setting=config, v1=name, model="excluded")
            yield from _of("by_weight", more, setting=config, v1="excluded", model=name)

    def _rows(self) -> Iterator[Reason]:
        """Yields how tables of which rows are looked up step otherwise."""
        seen, dense = self.optimizer.sees_rows, self.family.dense
        yield from self._clipped_rows()
        by_rows = {step.variable for step in self.numbers.steps if step.rows}
        tables = [
            fill.target
            for fill in self.weights
            if by_rows.intersection(self.variables[fill.target])
            or self.index[fill.target].role == "embedding"
        ]
        if dense:
            if not self.taker.rows and seen:
                v1 = "the gradients of a row are added up"
                yield from _of("rows", tables, v1=v1, model="squared one by one")
            return
        if not self.taker.rows or not seen:
            if by_rows or not self.numbers.steps:
                v1 = "rows without a gradient stay"
                yield from _of("rows", tables, v1=v1, model="all rows take each step")
            return
        if not self.numbers.steps or not self.family.moves_rows:
            return
        looked_up = {path for path in tables if self.index[path].role == "embedding"}
        apart = [path for path in tables if path not in looked_up]
        stay, move = "rows without a gradient stay", "all rows take each step"
        yield from _of("rows", apart, v1=stay, model=move)
        stepped = {step.variable for step in self.numbers.steps} - by_rows
        whole = [path for path in looked_up if stepped.issuperset(self.variables[path])]
        yield from _of("rows", sorted(whole), v1=move, model=stay)

    def _clipped_rows(self) -> Iterator[Reason]:
        """Yields tables whose gradients come by rows, which 1.15 takes the norm of as they come."""
        optimizer = self.optimizer
        as_they_come = hasattr(optimizer.optimizer, "clipped_rows") and optimizer.sees_rows
        if as_they_come or not optimizer.settings.get("global_clipnorm"):
            return
        clipped = {
            step.variable
            for step in self.numbers.steps
            if step.rows and any(one.kind == "global_clipnorm" for one in step.changes)
        }
        tables = [path for path, some in self.variables.items() if clipped.intersection(some)]
        v1 = "the norm is of rows as they come"
        yield from _of("rows", tables, v1=v1, model="of what each row gets in all")

    def _values(self) -> Iterator[Reason]:
        """Yields weights that are other values than variables, or parts of some."""
        whole = self.whole()
        v1 = "variables without a constant"
        yield from _of("shifted", whole.shifted(), v1=v1, model="with one added")
        v1 = "steps as long as variables are"
        yield from _of("parted", whole.parted(), v1=v1, model="others")
        yield from self._clipped()

    def _clipped(self) -> Iterator[Reason]:
        """Yields parts of variables that were clipped as wholes."""
        if self.optimizer.settings.get("clipnorm"):
            layouts = {fill.target: parse_layout(fill.layout) for fill in self.weights}
            parts = [
                fill.target
                for fill in self.weights
                if layouts[fill.target].takes_part or len(fill.sources) > 1
            ]
            yield from _of("parted", parts, v1="clipped as whole variables", model="by weight")
        yield from self._in_parts()

    def _in_parts(self) -> Iterator[Reason]:
        """Yields weights whose variables were in parts, where each part took a step by itself."""
        on: dict[str, set[str]] = {}
        for step in self.numbers.steps:
            on.setdefault(step.variable, set()).add(step.on)
        several = {variable for variable, parts in on.items() if len(parts) > 1}
        paths = [path for path, some in self.variables.items() if several.intersection(some)]
        if self.optimizer.settings.get("clipnorm"):
            yield from _of("parted", paths, v1="clipped by parts of variables", model="by weight")
        whole = self.whole()
        paths = [path for path in paths if whole.by_whole(path)]
        yield from _of("parted", paths, v1="steps by parts of variables", model="by weight")

    def whole(self) -> WholeVariables:
        """Returns what weights are that isn't a variable of its own."""
        return WholeVariables(
            self.family,
            self.taker,
            self.optimizer.optimizer,
            self.weights,
            self.index,
            self.numbers.checkpoint,
        )

    def _steps(self) -> Iterator[Reason]:
        """Yields variables that one side steps on alone, or twice, or changes otherwise."""
        graph = self.numbers.graph
        if graph is None or not self.numbers.steps:
            return
        stepped = {step.variable for step in graph.steps}
        without = [p for p, some in self.variables.items() if not stepped.issuperset(some)]
        yield from _of("steps", without, v1="no step that is read", model="steps")
        only = [path for variable, path in self.untrained.items() if variable in stepped]
        yield from _of("steps", only, v1="steps", model="none")
        mine = {one: path for path, some in self.variables.items() for one in some}
        now_and_then = {mine[step.variable] for step in self.numbers.steps if step.conditional}
        v1 = "steps on a condition"
        yield from _of("steps", sorted(now_and_then), v1=v1, model="steps each time")
        several: dict[str, set[tuple[str, ...]]] = {}
        for step in self.numbers.steps:
            several.setdefault(step.on, set()).add(
                (step.optimizer, *map(str, step.settings.items()))
            )
        twice = {s.variable for s in self.numbers.steps if len(several[s.on]) > 1}
        paths = dict.fromkeys(mine[one] for one in twice)
        yield from _of("steps", sorted(paths), v1="steps of several optimizers", model="of one")
        changed: dict[str, list[str]] = {}
        for variable, ops in graph.others.items():
            if variable in mine:
                changed.setdefault(said_of(ops), []).append(mine[variable])
        for ops_said, some in changed.items():
            yield from _of("steps", some, v1=f"changed by {ops_said} too", model="by steps alone")


def _at(tells: Callable[[int], float], step: int, later: int) -> float:
    return tells(step + later)


def _same(value: float, later: int) -> float:
    return value


def averages_beside_slots(paths: Iterable[str]) -> Iterator[Reason]:
    """Yields that weights are averages, where slots are those of what was trained."""
    v1 = "slots of the trained weights"
    yield from _of("averaged_weights", paths, v1=v1, model="their moving averages")


def _of(name: str, paths: Iterable[str], *, v1: str, model: str, **facts: str) -> Iterator[Reason]:
    if some := list(paths):
        yield differs(name, v1=v1, model=model, of=said_of(some), **facts)
