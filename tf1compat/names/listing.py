"""Things with names and sizes as a table that fits on a screen, and a line of totals."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tf1compat.names.columns import columns

__all__ = ["SHOWN", "listing", "total"]

SHOWN = 36  # rows printed where no number is asked for: with what stands around, a screen


def listing(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Collection[str],
    left_off: int,
) -> list[str]:
    """Returns the lines of a table; columns with nothing in them are left out.

    Args:
      header: names of the columns.
      rows: cells, as many in each row as there are columns.
      numbers: which columns are of numbers, and aligned to the right.
      left_off: how many further rows there would be, which the last line says.
    """
    used = [at for at in range(len(header)) if any(row[at] for row in rows)] or [0]
    table = [[row[at] for at in used] for row in (header, *rows)]
    lines = columns(table, right=[header[at] in numbers for at in used])
    return lines + ([f"... {left_off:,} more"] if left_off else [])


def total(count: int, *, parameters: int, nbytes: int) -> str:
    """Returns the line of totals under a table of `count` things.

    >>> total(2, parameters=1200, nbytes=4800)
    '2 in all: 1,200 parameters, 4,800 bytes'
    """
    counted = f"{count:,} in all" if count else "nothing"
    return f"{counted}: {parameters:,} parameters, {nbytes:,} bytes"
