"""A plan with moving averages in place of the variables that they are of.

Mirrors restoring with ``Saver(ema.variables_to_restore())``: what has an average is filled from it,
and what has none, such as a norm's statistics, from itself. Which source goes where is decided
before, by the variables' own names and data flow.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.errors import LayoutError, Problem, UsageError
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.layouts.answers import made_of
from tf1compat.migration.layouts.casts import cast_between
from tf1compat.migration.layouts.chain import chain
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning._kinds import AVERAGED, NO_AVERAGE, TAKEN_AVERAGE
from tf1compat.migration.planning.lines import Drop, Fill
from tf1compat.migration.planning.plan import Plan
from tf1compat.names.averages import AVERAGES, find_averages
from tf1compat.names.roles import STATISTICS

__all__ = ["with_averages"]

_RULED = ("rule", "copy", "part")


def with_averages(
    plan: Plan, checkpoint: Mapping[str, Entry], index: ModelIndex, *, averages: str
) -> Plan:
    """Returns `plan` with averages as sources, by policy.

    An average that a rule speaks of is left to the rule.

    Args:
      plan: the plan without them.
      checkpoint: every variable of the checkpoint.
      index: the model's index.
      averages: ``"ignore"``, ``"use"`` (a trained variable without one is a problem) or
        ``"prefer"`` (it is taken itself, and the plan says so).

    Raises:
      UsageError: they are to be used and there are none, or it is no policy.
    """
    if averages not in AVERAGES:
        raise UsageError(f"averages: expected one of {', '.join(AVERAGES)}, found {averages!r}")
    names = [entry.name for entry in checkpoint.values()]
    found = find_averages(names)
    if averages == "ignore":
        return plan
    if not found and averages == "use":
        raise UsageError(
            "--averages=use: expected moving averages in the checkpoint, found none; with "
            "--averages=prefer it is taken as it is"
        )
    ruled = {source for fill in plan.fills for source in fill.sources}
    ruled |= {drop.source for drop in plan.drops if drop.kind in _RULED}
    free = {of: tuple(one for one in ones if one not in ruled) for of, ones in found.items()}
    are_averages = {name.full for name in names if name.kind == "shadow"}
    swap = _Swap(plan, {of: ones for of, ones in free.items() if ones}, are_averages)
    swapped = [swap.fill(fill, index[fill.target].role) for fill in plan.fills]
    if averages == "prefer":
        return swap.plan([fill for fill, _ in swapped], ())
    good = [fill for fill, missing in swapped if not missing]
    return swap.plan(good, [pair for pair in swapped if pair[1]])


@dataclasses.dataclass(frozen=True)
class _Swap:
    """Averages that may be taken, by the variable that they are of."""

    before: Plan
    averages: Mapping[str, tuple[str, ...]]
    are_averages: set[str]

    def fill(self, fill: Fill, role: str) -> tuple[Fill, list[str]]:
        """Returns a fill from averages, and what it should have had and hasn't, in words."""
        taken = {s: ones[0] for s in fill.sources if len(ones := self.averages.get(s, ())) == 1}
        missing = [self._lack(s, role) for s in fill.sources if s not in taken]
        missing = [text for text in missing if text]
        sources = tuple(taken.get(s, s) for s in fill.sources)
        layout = self._layout(fill, sources)
        if layout is None:
            missing = [f"the average of {s} has another dtype" for s in taken]
            sources, layout, taken = fill.sources, fill.layout, {}
        because = [*fill.because]
        because += [TAKEN_AVERAGE.because(of=of) for of in taken]
        because += [NO_AVERAGE.because(why=why) for why in missing]
        return Fill(fill.target, sources, layout, tuple(because)), missing

    def _lack(self, source: str, role: str) -> str:
        several = len(self.averages.get(source, ()))
        if several:
            return f"{source} has {several} moving averages"
        statistic = role in STATISTICS or source in self.are_averages
        return "" if statistic else f"{source} has no moving average"

    def _layout(self, fill: Fill, sources: tuple[str, ...]) -> str | None:
        """Returns the layout with which averages make the target; None if there is none.

        Half precision's averages may be kept in float32.
        """
        layout, wanted = parse_layout(fill.layout), self.before.targets[fill.target]
        try:
            made = made_of(layout, [self.before.sources[s] for s in sources])
        except LayoutError:
            return None
        cast = cast_between(made.dtype, wanted.dtype)
        return None if cast is None or made.shape != wanted.shape else str(chain(layout, *cast))

    def plan(self, fills: Iterable[Fill], lacking: Iterable[tuple[Fill, list[str]]]) -> Plan:
        """Returns the plan with these fills, and problems for those that lack their average."""
        old = {fill.target: fill for fill in self.before.fills}
        fills = tuple(fills)
        used = {source for fill in fills for source in fill.sources}
        unfilled, unexplained = [], {}
        for fill, missing in lacking:
            unfilled.append(_lacking(fill.target, missing))
            for source in old[fill.target].sources:
                if source not in used:
                    unexplained[source] = _lacking(source, missing)
        gone = {
            source: self.averages[source][0]
            for fill in self.before.fills
            for source in fill.sources
            if source not in used and source not in unexplained
        }
        drops = [
            drop if drop.whole else Drop(gone.get(drop.source, drop.source), drop.because)
            for drop in self.before.drops
            if drop.source not in used or not drop.whole
        ]
        drops += [Drop(of, AVERAGED.because(average=one)) for of, one in gone.items()]
        return dataclasses.replace(
            self.before,
            fills=fills,
            drops=tuple(drops),
            unexplained=(*self.before.unexplained, *unexplained.values()),
            unfilled=(*self.before.unfilled, *unfilled),
        )


def _lacking(name: str, missing: list[str]) -> Problem:
    return Problem(
        name,
        "a moving average (--averages=use)",
        ", ".join(missing),
        remedy="--averages=prefer takes what there is; a rule that drops an average leaves its "
        "variable in place",
    )
