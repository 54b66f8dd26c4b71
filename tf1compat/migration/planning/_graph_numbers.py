"""What a v1 graph's steps say of their settings, at whatever step."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.scalars import Tensor, UnknownNumberError
from tf1compat.checkpoint.meta.training_steps import Step, TrainingSteps

__all__ = ["GraphNumbers", "Rate"]

_LATER = (0, 1, 10, 1000, 100_000)  # steps from now on at which a learning rate is looked at


@dataclasses.dataclass(frozen=True)
class Rate:
    """A learning rate.

    Attributes:
      now: what it is at the next step; None where that isn't known.
      later: what it is at some steps, by the step.
      why: why it isn't known; else "".
    """

    now: float | None = None
    later: Mapping[int, float] = dataclasses.field(default_factory=dict)
    why: str = ""

    @property
    def constant(self) -> bool:
        """Whether it is known and the same at every step."""
        return self.now is not None and len({*self.later.values()}) == 1


@dataclasses.dataclass(frozen=True)
class GraphNumbers:
    """The numbers of a graph's steps on the variables that a model's weights are filled with.

    Attributes:
      graph: how the graph trains; None where there is none.
      steps: its steps on these variables.
      checkpoint: the values of its variables.
    """

    graph: TrainingSteps | None
    steps: Sequence[Step]
    checkpoint: Mapping[str, Entry]

    def setting(self, name: str) -> float | None:
        """Returns a setting that all steps have alike; None where it isn't known."""
        known: set[float]
        if name == "nesterov":
            known = {one.nesterov for one in self.steps}
        elif name == "centered":
            known = {one.optimizer.startswith("Centered") for one in self.steps}
        else:
            known = self._values(name) if all(name in one.settings for one in self.steps) else set()
        return known.pop() if len(known) == 1 else None

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
        """Returns the learning rate from a step on."""
        if not self.steps:
            return Rate(
                why="there is no v1 graph that steps"
                if self.graph is None
                else "no op of the v1 graph steps on these variables"
            )
        tensors = {one.settings["rate"] for one in self.steps if "rate" in one.settings}
        try:
            found = [
                {step + n: self._value(tensor, step=step + n) for n in _LATER} for tensor in tensors
            ]
        except UnknownNumberError as error:
            return Rate(why=f"it depends on {error}")
        if any(one != found[0] for one in found) or not found:
            return Rate(why=f"the v1 graph has {len(found)} of them")
        return Rate(found[0][step], found[0])

    def decay(self, average: str) -> float | None:
        """Returns the decay of a moving average; None where it isn't known."""
        tensor = self.graph.decays.get(average) if self.graph else None
        try:
            return None if tensor is None else 1 - self._value(tensor)
        except UnknownNumberError:
            return None

    def _value(
        self, tensor: Tensor, *, step: int | None = None, read: list[str] | None = None
    ) -> float:
        graph = self.graph
        if graph is None:
            raise UnknownNumberError("no graph")

        def variable(name: str) -> Any:
            if read is not None:
                read.append(name)
            if step is not None and name == graph.counter:
                return step
            entry = self.checkpoint.get(name)
            return entry.read() if entry is not None and entry.shape == () else None

        return graph.scalars.value(tensor, variable)
