"""A plan as one reads it: all of its lines, a screen of them, and a table for a notebook."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator

from tf1compat.errors import Problem
from tf1compat.migration.planning.lines import Drop, Fill, Keep
from tf1compat.names.folded_rows import fold_rows
from tf1compat.names.screens import SCREEN, html_table, on_a_screen
from tf1compat.printable import joined

__all__ = ["PlanView"]

_OPEN = 12  # lines of what is open, before those of what isn't
_FILLED = " <- "
_HEADER = ("target", "source", "layout", "why")


@dataclasses.dataclass(frozen=True)
class PlanView:
    """What a plan shows of itself.

    Attributes:
      headline: the counts of both sides.
      fills: the targets that are filled.
      keeps: those that keep their values.
      drops: the sources that are left behind.
      problems: what is open.
      training: the lines of the optimizer's section.
    """

    headline: str
    fills: tuple[Fill, ...]
    keeps: tuple[Keep, ...]
    drops: tuple[Drop, ...]
    problems: tuple[Problem, ...]
    training: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Returns the headline, and a line for each target, source left behind and problem."""
        lines = [self.headline]
        lines += [_line(*row) for row in self._rows()]
        lines += [f"  dropped {drop.source}  ({drop.reason})" for drop in self.drops]
        return [*lines, *(f"  ! {problem}" for problem in self.problems), *self.training]

    def text(self) -> str:
        """Returns all lines where they fit a screen; else what is open and then lines folded."""
        lines = self.lines()
        if len(lines) <= SCREEN:
            return joined(lines)
        opened = [f"  ! {problem}" for problem in self.problems]
        if len(opened) > _OPEN:
            left = len(opened) - _OPEN
            opened = [*opened[:_OPEN], f"  ! ... and {left} more (.problems)"]
        filled = [_line(*row) for row in fold_rows(self._rows())]
        training = [line for line in self.training if _FILLED not in line]
        told = [self.headline, *opened, *training, *self._dropped(), *filled]
        return on_a_screen(told, rest=".lines()")

    def html(self) -> str:
        """Returns a table of the lines, folded, under the headline: what is open, filled, dropped.

        What is dropped is a row for each reason, which stands however many others there are.
        """
        opened = [["!", problem.name, "", str(problem)] for problem in self.problems]
        counts = Counter(drop.because.folded for drop in self.drops).items()
        dropped = [["", f"{count} sources", "dropped", reason] for reason, count in counts]
        rows = [*opened, *fold_rows(self._rows())]
        shown = rows[: max(1, SCREEN - len(dropped))]
        more = len(rows) - len(shown)
        return html_table(self.headline, _HEADER, [*shown, *dropped], more=more)

    def _rows(self) -> list[list[str]]:
        """Returns target, source, layout and reason of each target that has them."""
        rows = [[f.target, ", ".join(f.sources), f.moved, f.why] for f in self.fills]
        return rows + [[keep.target, "", "kept", keep.reason] for keep in self.keeps]

    def _dropped(self) -> Iterator[str]:
        reasons = Counter(drop.because.folded for drop in self.drops)
        yield from (f"  dropped {count} ({reason})" for reason, count in reasons.items())


def _line(target: str, source: str, layout: str, why: str) -> str:
    if not source:
        return f"  {target} {layout}  ({why})"
    return f"  {target} <- {source}{f' [{layout}]' if layout else ''}  ({why})"
