"""What a v1 graph's steps say of their settings, at whatever step."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.scalars import Tensor, UnknownNumberError
from tf1compat.checkpoint.meta.training_steps import Step, TrainingSteps
from tf1compat.migration.planning._kept_state import KeptNumbers

__all__ = ["GraphNumbers", "Rate"]

_NEAR = 1e-3  # single precision leaves four digits of `1 - n ** -0.8`
_LATER = (0, 1, 10, 1000, 100_000)  # steps from now on at which several rates are compared


@dataclasses.dataclass(frozen=True)
class Rate:
    """A learning rate.

    Attributes:
      now: what it is at the next step; None where that isn't known.
      at: what it is some steps from now; it raises UnknownNumberError.
      constant: whether it is known and the same at every step.
      turns: how many steps from now it may turn: numbers of its schedule.
      source: the variable of the checkpoint that it is; "" where a graph tells it.
      why: why it isn't known; else "".
    """

    now: float | None = None
    at: Callable[[int], float] | None = None
    constant: bool = False
    turns: tuple[int, ...] = ()
    why: str = ""
    source: str = ""


@dataclasses.dataclass(frozen=True)
class GraphNumbers:
    """The numbers of a graph's steps on the variables that a model's weights are filled with.

    Attributes:
      graph: how the graph trains; None where there is none.
      steps: its steps on these variables.
      checkpoint: the values of its variables.
      kept: what an optimizer of tf.keras keeps of them; None for another.
    """

    graph: TrainingSteps | None
    steps: Sequence[Step]
    checkpoint: Mapping[str, Entry]
    kept: KeptNumbers | None = None

    def setting(self, name: str) -> float | None:
        """Returns a setting that all steps have alike; None where it isn't known."""
        if not self.steps:
            return self._kept(name)
        if all(name in one.known for one in self.steps):
            known: set[float] = {one.known[name] for one in self.steps}
        else:
            known = self._values(name) if all(name in one.settings for one in self.steps) else set()
        return known.pop() if len(known) == 1 else None

    def _kept(self, name: str) -> float | None:
        if self.kept is None:
            return None
        source = self.kept.by_setting.get(name)
        return self.kept.told.get(name) if source is None else float(self._scalar(source))

    def setting_of_some(self, name: str) -> float | None:
        """Returns a setting of the steps that have it, 0.0 where none has; None if not known."""
        if not any(name in one.settings for one in self.steps):
            return 0.0 if self.steps else None
        known = self._values(name)
        return known.pop() if len(known) == 1 else None

    def unused(self, name: str) -> bool:
        """Tells whether a setting is of no use to the steps."""
        return bool(self.steps) and all(name in one.unused for one in self.steps)

    def having(self, name: str) -> frozenset[str]:
        """Returns the variables whose steps have a setting, or of which something is known."""
        return frozenset(
            one.variable for one in self.steps if name in one.settings or one.known.get(name)
        )

    def several(self, name: str) -> tuple[float, ...]:
        """Returns the values of a setting where steps have others: of several optimizers; or ()."""
        known = self._values(name)
        return tuple(sorted(known)) if len(known) > 1 else ()

    def _values(self, name: str) -> set[float]:
        """Returns what a setting is in the steps that have it; nothing where one isn't known."""
        try:
            return {self._value(one.settings[name]) for one in self.steps if name in one.settings}
        except UnknownNumberError:
            return set()

    def source(self, setting: str) -> str | None:
        """Returns the variable that a setting is; None where it is none, or not the same."""
        names: set[str] = set()
        for one in self.steps:
            read: list[str] = []
            if setting in one.settings:
                try:
                    self._value(one.settings[setting], read=read)
                except UnknownNumberError:
                    return None
            names.update(read)
        return names.pop() if len(names) == 1 else None

    def rate(self, step: int) -> Rate:
        """Returns the learning rate, the next step being number `step`."""
        if not self.steps and self.kept is not None and self.kept.rate:
            return self._kept_rate(self.kept.rate, self.kept.decay, step)
        if not self.steps:
            return Rate(
                why="there is no v1 graph that steps"
                if self.graph is None
                else "no op of the v1 graph steps on these variables"
            )
        tensors = list(
            dict.fromkeys(o.settings["rate"] for o in self.steps if "rate" in o.settings)
        )
        try:
            found = [self._of_steps(tensor, step) for tensor in tensors]
            later = [[one.value(n) for n in _LATER] for one in found]
        except UnknownNumberError as error:
            return Rate(why=f"it depends on {error}")
        if any(one != later[0] for one in later) or not found:
            return Rate(why=f"the v1 graph has {len(found)} of them")
        return Rate(later[0][0], found[0].value, not found[0].clocked, found[0].turns())

    def _kept_rate(self, source: str, decay: str, step: int) -> Rate:
        """Returns the learning rate that an optimizer of tf.keras keeps, which may fall."""
        base = float(self._scalar(source))
        falls = float(self._scalar(decay)) if decay else 0.0

        def at(later: int) -> float:
            return base / (1.0 + falls * (step + later))

        why = f"it falls by {decay}" if falls else ""
        return Rate(at(0), at, constant=not falls, why=why, source=source)

    def later(self, name: str, step: int) -> Callable[[int], float] | None:
        """Returns what a setting is some steps from now; None where it isn't known, or no one."""
        if not self.steps or not all(name in one.settings for one in self.steps):
            return None
        tensors = dict.fromkeys(one.settings[name] for one in self.steps)
        try:
            found = [self._of_steps(tensor, step).value for tensor in tensors]
            alike = len({tuple(map(value, _LATER)) for value in found}) == 1
        except UnknownNumberError:
            return None
        return found[0] if alike else None

    def changing(self, tensors: Sequence[Tensor]) -> bool:
        """Tells whether one of some numbers that are known depends on what counts steps."""
        try:
            return any(self._of_steps(tensor, 0).clocked for tensor in tensors)
        except UnknownNumberError:
            return False

    def _of_steps(self, tensor: Tensor, step: int) -> _OfSteps:
        graph = self.graph
        if graph is None:
            raise UnknownNumberError("no graph")
        return _OfSteps(graph, self._scalar, tensor, step)

    def exponent(self, name: str, step: int) -> float | None:
        """Returns the ``e`` of a setting that is ``1 - n ** -e`` at each step `n`, or None."""
        value = self.later(name, step)
        if value is None:
            return None
        numbers = [step + later + 1 for later in _LATER if step + later > 0]
        try:
            rest = [1 - value(n - 1 - step) for n in numbers]
        except UnknownNumberError:
            return None
        if min(rest) <= 0:
            return None
        found = [-math.log(one) / math.log(n) for one, n in zip(rest, numbers, strict=True)]
        return found[0] if max(found) - min(found) < _NEAR else None

    def values_of(self, tensors: Sequence[Tensor]) -> tuple[float, ...] | None:
        """Returns what tensors are now; None where one isn't known."""
        try:
            return tuple(self._value(tensor) for tensor in tensors)
        except UnknownNumberError:
            return None

    def read_by_steps(self) -> frozenset[str]:
        """Returns the variables that the settings of the steps are computed from."""
        tensors = dict.fromkeys(tensor for one in self.steps for tensor in one.settings.values())
        return frozenset(name for tensor in tensors for name in self.read_by(tensor))

    def read_by(self, tensor: Tensor) -> tuple[str, ...]:
        """Returns the variables that a number is computed from."""
        read: list[str] = []
        with contextlib.suppress(UnknownNumberError):
            self._value(tensor, read=read)
        return tuple(dict.fromkeys(read))

    def counts_of(self, counter: str | None) -> tuple[str, ...]:
        """Returns the ops that add one to a variable."""
        return self.graph.counts.get(counter, ()) if self.graph and counter else ()

    def decay(self, average: str, step: int) -> Callable[[int], float] | None:
        """Returns the decay of a moving average some steps from now; None where it isn't known."""
        tensor = self.graph.decays.get(average) if self.graph else None
        try:
            found = None if tensor is None else self._of_steps(tensor, step)
            rest = None if found is None or found.value(0) is None else found.value
        except UnknownNumberError:
            return None
        return None if rest is None else lambda later: 1 - rest(later)

    def _scalar(self, name: str) -> Any:
        entry = self.checkpoint.get(name)
        return entry.read() if entry is not None and entry.shape == () else None

    def _value(self, tensor: Tensor, *, read: list[str] | None = None) -> float:
        graph = self.graph
        if graph is None:
            raise UnknownNumberError("no graph")

        def variable(name: str) -> Any:
            if read is not None:
                read.append(name)
            return self._scalar(name)

        return graph.scalars.value(tensor, variable)


@dataclasses.dataclass(frozen=True)
class _OfSteps:
    """A number of a graph, some steps from now.

    What counts steps is the global step, and any variable to which one is added at each.
    """

    graph: TrainingSteps
    variable: Callable[[str], Any]
    tensor: Tensor
    step: int

    def value(self, later: int) -> float:
        """Returns what it is some steps from now.

        Raises:
          UnknownNumberError: it depends on what no file tells.
        """
        return self._read(later, set())

    @property
    def clocked(self) -> bool:
        """Whether it depends on what counts steps."""
        read: set[str] = set()
        self._read(0, read)
        return bool(read & {self.graph.counter, *self.graph.clocks})

    def turns(self) -> tuple[int, ...]:
        """Returns the constants of its graph as numbers of steps from now."""
        constants = self.graph.scalars.constants(self.tensor)
        ahead = (one - self.step for one in constants if one == int(one))
        return tuple(sorted({int(one) for one in ahead if one > 0}))

    def _read(self, later: int, read: set[str]) -> float:
        def variable(name: str) -> Any:
            read.add(name)
            value, counts = self.variable(name), name == self.graph.counter
            if value is None:
                return self.step + later if counts else None
            return value + later if counts or name in self.graph.clocks else value

        return self.graph.scalars.value(self.tensor, variable)
