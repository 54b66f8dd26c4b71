"""How many steps were taken: by the global step, and by the powers that Adam keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.migration.carrying.family import Family, Taker
from tf1compat.migration.layouts.kept_numbers import shortest, steps_of
from tf1compat.migration.planning._graph_numbers import GraphNumbers
from tf1compat.migration.planning.optimizer_lines import differs
from tf1compat.names.reasons import Reason

__all__ = ["StepsTaken", "steps_taken"]


@dataclasses.dataclass(frozen=True)
class StepsTaken:
    """How many steps were taken.

    Attributes:
      counter: the variable that counts them; None where there is none, or several.
      counted: what it says.
      powers: for each power of a beta that tells, the beta and the steps.
      kept: by what 1.15 calls a power, the variable that it is and the beta, as far as known.
    """

    counter: str | None
    counted: int | None
    powers: Mapping[str, tuple[float, int]]
    kept: Mapping[str, tuple[str | None, float | None]]

    @property
    def agreeing(self) -> bool:
        """Whether all that tells says the same."""
        return len({*self._told()}) <= 1

    @property
    def steps(self) -> int | None:
        """The optimizer's own steps, which its powers tell first; None where nothing tells."""
        return next(self._told(), None)

    @property
    def odd(self) -> dict[str, float]:
        """The powers that no number of steps makes, and what they would be powers of."""
        kept = self.kept.values()
        return {
            source: beta
            for source, beta in kept
            if source is not None and beta is not None and source not in self.powers
        }

    def goes_on_at(self, *, alone: bool) -> int:
        """Returns the number of the next step by the optimizer's count.

        Args:
          alone: whether that has to do for all, as it keeps no powers.
        """
        if self.counted is None or (alone and not self.agreeing):
            return next((steps for _, steps in self.powers.values()), 0)
        return self.counted

    def differences(self, *, alone: bool) -> Iterator[Reason]:
        """Yields where what tells the step doesn't agree with itself, or tells nothing.

        Args:
          alone: whether the optimizer has one count for all, as it keeps no powers.
        """
        if not alone:
            return
        if not self.agreeing:
            powers = ", ".join(f"{p} of step {n}" for p, (_, n) in self.powers.items())
            v1 = f"{powers}; {self.counter} is {self.counted}"
            yield differs("step", v1=v1, model="one count")
        for power, beta in self.odd.items():
            v1 = f"{power}, which is no power of {beta:g},"
            yield differs("step", v1=v1, model="a count of steps")

    def _told(self) -> Iterator[int]:
        yield from (steps for _, steps in self.powers.values())
        if self.counted is not None:
            yield self.counted


def steps_taken(
    checkpoint: Mapping[str, Entry],
    numbers: GraphNumbers,
    *,
    family: Family | None,
    taker: Taker | None,
    settings: Mapping[str, object],
) -> StepsTaken:
    """Returns how many steps a checkpoint says were taken.

    Args:
      checkpoint: its variables.
      numbers: of the graph's steps.
      family: the optimizer of 1.x.
      taker: what goes on with it.
      settings: the configuration of that, for betas that no graph tells.
    """
    counter = _counter(checkpoint, numbers)
    counted = int(checkpoint[counter].read()) if counter else None
    powers, kept = {}, {}
    for setting, beta_name in (family.powers if family else {}).items():
        source = numbers.source(setting) or _only(checkpoint, setting)
        beta = numbers.setting(beta_name)
        if beta is None and taker is not None:
            config = next((k for k, v in taker.settings.items() if v == beta_name), "")
            known = settings.get(config)
            beta = known if isinstance(known, float) else None
        kept[setting] = (source, beta)
        if source is None or beta is None:
            continue
        steps = steps_of(checkpoint[source].read(), shortest(beta))
        if steps is not None:
            powers[source] = (shortest(beta), steps)
    return StepsTaken(counter, counted, powers, kept)


def _counter(checkpoint: Mapping[str, Entry], numbers: GraphNumbers) -> str | None:
    """Returns what counts steps: the global step, unless the graph's steps don't count by that."""
    graph = numbers.graph
    numbered = {name for name, entry in checkpoint.items() if entry.shape == ()}
    every = [
        name
        for name, entry in checkpoint.items()
        if entry.name.kind == "global_step" and name in numbered
    ]
    if graph is None or not numbers.steps:
        named = graph.counter if graph else ""
        own = every if numbers.kept is None else [numbers.kept.counter]
        return named if named in numbered else (own[0] if len(own) == 1 else None)
    counted = graph.clocks & numbered
    if graph.counter in counted:
        return graph.counter
    read = counted & numbers.read_by_steps()
    for some in (read, counted.intersection(every)):
        if len(some) == 1:
            return next(iter(some))
    return None


def _only(checkpoint: Mapping[str, Entry], leaf: str) -> str | None:
    every = [
        name
        for name, entry in checkpoint.items()
        if entry.name.kind == "optimizer_state" and entry.name.leaf == leaf and not entry.shape
    ]
    return every[0] if len(every) == 1 else None
