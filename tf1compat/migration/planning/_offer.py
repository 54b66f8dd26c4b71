"""The optimizer of :mod:`tf1compat.keras3.v1_optimizers` that computes what 1.15 did, in words."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tf1compat.checkpoint.meta.training_steps import Step
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.optimizer_index import OptimizerIndex, unbuilt_optimizer
from tf1compat.migration.carrying import FAMILIES
from tf1compat.migration.carrying.family import Family, Taker
from tf1compat.migration.layouts.kept_numbers import shortest
from tf1compat.migration.planning._gradients_compared import GradientsCompared
from tf1compat.migration.planning._graph_numbers import GraphNumbers, Rate
from tf1compat.migration.planning._whole_variables import WholeVariables, stable_path
from tf1compat.migration.planning.lines import Fill
from tf1compat.names.patterns import compile_pattern

__all__ = ["Offered"]

_MODULE = "tf1compat.keras3.v1_optimizers"


@dataclasses.dataclass(frozen=True)
class Offered:
    """What computes what 1.15 did, as one writes it.

    Attributes:
      numbers: of the graph's steps.
      step: number of the next step.
      weights: the lines of the weights that are trained.
      variables: the variables that each of these is of, by path.
      index: the model's index.
      optimizer: the model's, where it has the arithmetic; else None.
      more: settings that follow from elsewhere.
    """

    numbers: GraphNumbers
    step: int
    weights: Sequence[Fill]
    variables: Mapping[str, Sequence[str]]
    index: ModelIndex
    optimizer: Any
    more: Mapping[str, object]

    def text(self, family: Family) -> str:
        """Returns it; a ``MultiOptimizer`` where the graph steps on weights in several ways.

        Args:
          family: the optimizer of 1.x that most weights have.
        """
        each = list(self.each(family))
        if len(each) == 1:
            return each[0][1]._one(each[0][0])
        pairs = []
        for one, of in each:
            others = [self._keras(path) for path in self.variables if path not in of.variables]
            patterns = _patterns([self._keras(path) for path in of.variables], others)
            pairs.append(f"({of._one(one)}, {patterns})")
        return f"{_MODULE}.MultiOptimizer([{', '.join(pairs)}])"

    def each(self, family: Family) -> Iterator[tuple[Family, Offered]]:
        """Yields each optimizer of it, by what of 1.x it goes on from, for its own weights."""
        groups = self._groups(family)
        if len(groups) == 1:
            yield groups[0][0], self
        else:
            yield from ((one, self._of(paths)) for one, paths in groups)

    def tried(self, family: Family) -> OptimizerIndex | None:
        """Returns the one optimizer that is offered, made and without variables, if it can be."""
        rate = self.numbers.rate(self.step).now
        settings = {"learning_rate": 0.0 if rate is None else rate, **self._settings(family)}
        return unbuilt_optimizer(family.takers[0].kind, settings, trained=self.variables)

    def _of(self, paths: Sequence[str]) -> Offered:
        """Returns it of some weights alone."""
        of = {one for path in paths for one in self.variables[path]}
        steps = [step for step in self.numbers.steps if step.variable in of]
        return dataclasses.replace(
            self,
            numbers=dataclasses.replace(self.numbers, steps=steps),
            weights=[fill for fill in self.weights if fill.target in paths],
            variables={path: self.variables[path] for path in paths},
        )

    def _keras(self, path: str) -> str:
        return stable_path(self.index, path)

    def _groups(self, family: Family) -> list[tuple[Family, list[str]]]:
        """Returns the weights on which the graph steps alike, with the optimizer of each group."""
        steps = {step.variable: step for step in self.numbers.steps}
        groups: dict[object, tuple[Family, list[str]]] = {}
        for path, some in self.variables.items():
            step = next((steps[one] for one in some if one in steps), None)
            if step is not None:
                own = _family(family, step)
                groups.setdefault(self._key(own, step), (own, []))[1].append(path)
        return list(groups.values()) if len(groups) > 1 else [(family, list(self.variables))]

    def _key(self, family: Family, step: Step) -> object:
        """Returns what steps of one optimizer have alike."""
        taker = family.takers[0]
        names = {*taker.settings.values(), "rate"} - taker.by_weight.keys()
        tensors = {name: step.settings[name] for name in sorted(names & step.settings.keys())}
        values = [(name, self.numbers.values_of([tensor])) for name, tensor in tensors.items()]
        known = [(name, step.known[name]) for name in sorted(names & step.known.keys())]
        return family.name, *values, *known

    def _settings(self, family: Family) -> dict[str, object]:
        """Returns the settings of the one optimizer that is offered, but for its rate."""
        taker, numbers = family.takers[0], self.numbers
        given = {config: value for config, value in taker.fixed.items() if value is not None}
        for config, name in taker.settings.items():
            some = name in taker.by_weight
            value = numbers.setting_of_some(name) if some else numbers.setting(name)
            if value is not None:
                given[config] = value
        if "decay_rate" in taker.at_steps:
            exponent = numbers.exponent("decay_rate", self.step)
            given |= {} if exponent is None else {"decay_exponent": float(f"{exponent:.4g}")}
        given |= dict(self._excluded(taker))
        gradients = GradientsCompared(numbers, {})
        clips = gradients.clips()
        given |= {config: value for config, value in clips.items() if value is not None}
        given |= gradients.scale()
        given |= self.more
        whole = (family, taker, self.optimizer, self.weights, self.index, numbers.checkpoint)
        return given | WholeVariables(*whole).settings()

    def _one(self, family: Family) -> str:
        taker, rate = family.takers[0], self.numbers.rate(self.step)
        given = self._settings(family)
        texts = [f"{config}={_text(value)}" for config, value in given.items()]
        texts = [*([] if rate.now is None else [f"learning_rate={_rate_said(rate)}"]), *texts]
        package, _, name = taker.kind.rpartition(">")
        module = "keras.optimizers" if package == "keras" else _MODULE
        return f"{module}.{name}({', '.join(texts)})"

    def _excluded(self, taker: Taker) -> Iterator[tuple[str, list[str]]]:
        """Yields the patterns of what the v1 graph leaves out of a decay, and the like."""
        last = None
        for name, (config, _) in taker.by_weight.items():
            having = self.numbers.having(name)
            if not self.numbers.steps or not having:
                continue
            has = {self._keras(p): having.issuperset(some) for p, some in self.variables.items()}
            found = _patterns([p for p in has if not has[p]], [p for p in has if has[p]])
            if found != last:
                yield config, found
            last = found


def _family(usual: Family, step: Step) -> Family:
    if step.optimizer in usual.ops:
        return usual
    return next((one for one in FAMILIES.values() if step.optimizer in one.ops), usual)


def _rate_said(rate: Rate) -> str:
    return _text(rate.now or 0.0) if rate.constant else "..."


def _text(value: object) -> str:
    """Returns a setting as one writes it."""
    if isinstance(value, float):
        return "None" if value == math.inf else repr(shortest(value))
    return repr(value)


def _patterns(out: Sequence[str], within: Sequence[str]) -> list[str]:
    """Returns patterns that are in all of some paths and none of others, as short as may be."""
    for pattern, cut in ((r"(^|/){}/", _first), (r"(^|/){}$", _last)):
        found = [pattern.format(re.escape(part)) for part in dict.fromkeys(map(cut, out))]
        if not any(compile_pattern(one).search(path) for one in found for path in within):
            return found
    return [f"(^|/){re.escape(path)}$" for path in out]


def _first(path: str) -> str:
    return path.partition("/")[0]


def _last(path: str) -> str:
    return path.rpartition("/")[2]
