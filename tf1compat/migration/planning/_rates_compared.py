"""Learning rates and other numbers that change with the step, of both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tf1compat.checkpoint.meta.scalars import UnknownNumberError
from tf1compat.keras3.index.optimizer_index import OptimizerIndex
from tf1compat.migration.carrying.family import Taker
from tf1compat.migration.layouts.kept_numbers import shortest
from tf1compat.migration.planning._graph_numbers import Rate
from tf1compat.migration.planning._said import NEAR
from tf1compat.migration.planning.optimizer_lines import differs
from tf1compat.names.reasons import Reason

__all__ = ["parting", "rate_differences"]

_SOON = 8  # steps that are all looked at
_GROWING = 1.35  # then each so many times as far
_FAR = 1_000_000
_MOST_TURNS = 40


def rate_differences(
    rate: Rate, optimizer: OptimizerIndex, taker: Taker, *, step: int, iterations: int
) -> Iterator[Reason]:
    """Yields where the learning rates of both sides part, from now on.

    Args:
      rate: that of the v1 graph.
      optimizer: that of the model.
      taker: what is known of it.
      step: the v1 graph's number of the next step.
      iterations: the optimizer's number of it.
    """
    if rate.at is not None and (optimizer.scheduled or not rate.constant):
        turns = {*rate.turns, *(one - iterations for one in optimizer.turns())}
        found = parting(rate.at, lambda later: optimizer.rate(iterations + later), turns)
        if found is not None:
            later, v1, model = found
            both = (f"{shortest(one):g} at step {step + later}" for one in (v1, model))
            kind = "kept_schedule" if rate.source else "schedule"
            yield differs(kind, v1=next(both), model=next(both))
    if taker.scaled and (optimizer.scheduled or rate.now is None):
        known = "no constant" if rate.now is not None else "not known"
        yield differs(
            "scaled",
            v1=f"the learning rate ({known}) multiplies the sum of gradients",
            model="each gradient",
        )


def parting(
    v1: Callable[[int], float], model: Callable[[int], float | None], turns: Iterable[int]
) -> tuple[int, float, float] | None:
    """Returns the first of some steps from now at which two numbers part, and both; or None.

    Steps are looked at densely at first, then less and less, and about each at which one may turn.
    """
    largest = 0.0
    for later in _looked_at(turns):
        try:
            one, other = v1(later), model(later)
        except UnknownNumberError:
            continue
        if other is None:
            return None
        largest = max(largest, abs(one))
        if abs(one - other) > NEAR * max(abs(one), NEAR * largest):
            return later, one, other
    return None


def _looked_at(turns: Iterable[int]) -> list[int]:
    steps, far = set(range(_SOON)), float(_SOON)
    while far < _FAR:
        steps.add(int(far))
        far *= _GROWING
    for turn in sorted(one for one in turns if one > 0)[:_MOST_TURNS]:
        steps |= {turn - 1, turn, turn + 1}
    return sorted(steps)
