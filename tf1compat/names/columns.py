"""Rows of text as lines of aligned columns."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["columns"]

_WIDEST = 256  # that a column gets: one endless name would make every line as long


def columns(rows: Sequence[Sequence[str]], *, right: Sequence[bool]) -> list[str]:
    """Returns a line for each row, its cells two spaces apart; breaks within a cell are spaces.

    A cell of more than 256 characters is whole, and its line not aligned with the others.

    Args:
      rows: cells, as many in each row as there are columns.
      right: of each column, whether it is aligned to the right.

    >>> columns([["name", "n"], ["a/long/name", "10"], ["b", "9"]], right=[False, True])
    ['name          n', 'a/long/name  10', 'b             9']
    """
    table = [[" ".join(cell.splitlines()) for cell in row] for row in rows]
    widths = [min(_WIDEST, max(map(len, cells))) for cells in zip(*table, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in table
    ]
