"""Tables: as wide as the terminal, or whole lines where the output is piped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from tf1compat.apps._outlets import output
from tf1compat.apps._printing import encodable
from tf1compat.names.columns import columns as plain_columns
from tf1compat.printable import printable_name

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Alarm", "on_terminal", "print_records", "print_table"]

_GAP = "  "
_RECORD = "    "
_NARROWEST = 8  # characters that a column keeps on a terminal, however narrow
_READABLE = 48  # that the last column of records has in a table
_ENOUGH = 24  # that one which folds has before others are left out for it


class Alarm(str):
    """A cell that needs attention: in colour, where there are colours."""

    __slots__ = ()


def on_terminal() -> bool:
    """Tells whether a table is drawn for somebody who looks at it."""
    return output().isatty()


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    optional: Sequence[str] = (),
) -> None:
    """Prints rows under a header.

    A terminal gets a table as wide as it is, cells folded, but none of those to the right, which
    are numbers. A pipe gets one line a row, however long, for names are for grep; and doesn't wait
    for what draws on terminals. A column in which nothing stands is left out.

    Args:
      columns: their headings.
      rows: their cells, top to bottom.
      right: the columns aligned to the right.
      optional: the columns that a narrow terminal does without, the first one first; a line below
        says which.
    """
    table = _Table(columns, rows, right).without_empty()
    if not on_terminal():
        lines = plain_columns([table.columns, *table.rows], right=table.to_right)
        output().write("".join(f"{line}\n" for line in lines))
        return
    _print_on_terminal(table, optional)


def print_records(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints rows of long cells: a table where it fits, else each row in lines of its own.

    Of a table's cells the last ones alone are folded.
    """
    table = _Table(columns, rows, ()).without_empty()
    *widths, widest = table.widths()
    if not on_terminal() or _room([*widths, min(widest, _READABLE)]) <= _console().width:
        print_table(columns, rows)
        return
    from rich.text import Text

    label = max(map(len, table.columns[1:]), default=0) + len(_GAP)
    console = _console()
    for first, *rest in table.rows:
        console.print(Text(first, style="bold"), overflow="fold")
        for column, cell in zip(table.columns[1:], rest, strict=True):
            if cell:
                hang = " " * (len(_RECORD) + label)
                lines = Text(cell).wrap(console, max(_NARROWEST, console.width - len(hang)))
                told = str(lines[0]) + "".join(f"\n{hang}{line}" for line in lines[1:])
                console.print(Text(f"{_RECORD}{column:<{label}}{told}"), soft_wrap=True)


class _Table:
    """Cells as they are printed, and which columns stand to the right."""

    def __init__(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]
    ) -> None:
        self.columns = list(columns)
        self.rows = [[_cell(cell) for cell in row] for row in rows]
        self.right = right

    @property
    def to_right(self) -> list[bool]:
        return [column in self.right for column in self.columns]

    def without(self, left_out: Sequence[str]) -> _Table:
        """Returns it without some columns."""
        kept = [at for at, column in enumerate(self.columns) if column not in left_out]
        rows = [[row[at] for at in kept] for row in self.rows]
        return _Table([self.columns[at] for at in kept], rows, self.right)

    def without_empty(self) -> _Table:
        """Returns it without the columns in which nothing stands, where there are rows."""
        cells = zip(*self.rows, strict=True) if self.rows else ()
        empty = [c for c, column in zip(self.columns, cells, strict=False) if not any(column)]
        return self.without(empty) if empty else self

    def widths(self) -> list[int]:
        """Returns how wide each column is where nothing is folded."""
        from rich.cells import cell_len

        return [max(map(cell_len, cells)) for cells in zip(self.columns, *self.rows, strict=True)]

    def least(self, enough: int) -> list[int]:
        """Returns how narrow each column may be: numbers are never cut."""
        return [
            width if number else min(enough, width)
            for number, width in zip(self.to_right, self.widths(), strict=True)
        ]


def _cell(text: str) -> str:
    shown = encodable(printable_name(text), output())
    return Alarm(shown) if isinstance(text, Alarm) else shown


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, file=output())


def _print_on_terminal(table: _Table, optional: Sequence[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    console = _console()
    left_out: list[str] = []
    for column in optional:
        if _room(table.least(_ENOUGH)) <= console.width:
            break
        if column in table.columns:
            table = table.without([column])
            left_out.append(column)
    kept = table.least(_NARROWEST)
    drawn = Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), header_style="bold")
    for column, number, width in zip(table.columns, table.to_right, kept, strict=True):
        justify: Literal["left", "right"] = "right" if number else "left"
        drawn.add_column(column, justify=justify, overflow="fold", min_width=width, no_wrap=number)
    for row in table.rows:
        drawn.add_row(*(Text(c, style="bold red" if isinstance(c, Alarm) else "") for c in row))
    console.width = max(console.width, _room(kept))  # it drops what's beyond
    console.print(drawn)
    if left_out:
        console.print(Text(f"(wider terminals and pipes have {', '.join(left_out)})"), style="dim")


def _room(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * len(widths)
