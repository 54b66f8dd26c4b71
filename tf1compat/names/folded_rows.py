"""Rows that differ in a number alone, which goes through all their cells, as one row."""

from __future__ import annotations

from collections.abc import Sequence

from tf1compat.names.fold import run_text
from tf1compat.names.order import number_of, split_numbers

__all__ = ["fold_rows"]

_FEWEST = 2
_RUNS = 8  # that are written out
_LONGEST = 18  # digits of a number that is counted with


def fold_rows(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Returns rows in which one stands for several, at the place of the first of them.

    Several are one where they are the same but for numbers, and each of the numbers that differ is
    another in each of them: layer_0 goes into block_1, layer_1 into block_2.

    >>> fold_rows([["b0/w", "l1/w"], ["c", "d"], ["b1/w", "l2/w"], ["b2/w", "l3/w"]])
    [['b{0..2}/w', 'l{1..3}/w'], ['c', 'd']]
    """
    groups: dict[tuple[tuple[str, ...], ...], list[int]] = {}
    pieces = [[split_numbers(cell) for cell in row] for row in rows]
    for at, cells in enumerate(pieces):
        groups.setdefault(tuple(tuple(cell[::2]) for cell in cells), []).append(at)
    folded: dict[int, list[str]] = {}
    for found in groups.values():
        together = _together([pieces[at] for at in found]) if len(found) >= _FEWEST else None
        if together is None:
            folded |= {at: list(rows[at]) for at in found}
        else:
            folded[found[0]] = together
    return [folded[at] for at in sorted(folded)]


def _together(rows: Sequence[Sequence[Sequence[str]]]) -> list[str] | None:
    """Returns the row that stands for all; None where none does."""
    cells = []
    for column in zip(*rows, strict=True):
        text = ""
        for piece in zip(*column, strict=True):
            distinct = set(piece)
            if len(distinct) > 1 and len(distinct) < len(rows):
                return None
            if max(map(len, piece)) > _LONGEST and len(distinct) > 1:
                return None
            text += piece[0] if len(distinct) == 1 else _numbers(piece)
        cells.append(text)
    return cells


def _numbers(digits: Sequence[str]) -> str:
    """Returns numbers in the order of the rows: runs of neighbours by their ends."""
    runs: list[list[str]] = []
    for one in digits:
        if runs and number_of(one) == number_of(runs[-1][-1]) + 1 and len(runs[-1][0]) <= len(one):
            runs[-1].append(one)
        else:
            runs.append([one])
    told = [text for run in runs for text in run_text(run)]
    if len(told) > _RUNS:  # of whatever counts otherwise than layers do
        told = [*told[: _RUNS - 2], "...", told[-1]]
    return "{" + ",".join(told) + "}"
