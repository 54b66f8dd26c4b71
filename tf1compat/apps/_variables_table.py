"""The table of a checkpoint's variables: slots in a column, scopes as a tree on a terminal."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from tf1compat.apps._printing import say_lines
from tf1compat.apps._scope_tree import Line, tree_lines
from tf1compat.apps._tables import Alarm, on_terminal, print_table
from tf1compat.apps._together import together
from tf1compat.checkpoint import Checkpoint
from tf1compat.names.companion_words import companion_words
from tf1compat.names.fold import fold_names
from tf1compat.names.parse import AVERAGE_LEAF
from tf1compat.names.sizes import human_bytes

__all__ = ["Listing", "print_listing"]

_NUMBERS = ("min", "max", "mean", "std")
_COUNTS = ("nan", "inf", "zero")
_NAMED = 6  # of what holds NaN or Inf, below the table
_SPECS = 7  # cells of what the index tells; those of values follow
_SPARED = ("slots", "role", "dtype", "size", "shape")  # by a narrow terminal, in this order

Row = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Listing:
    """What is listed, and how.

    Attributes:
      checkpoint: whose variables they are.
      rows: of each variable, what is known of it.
      slots: whether each slot and each average has a row of its own.
      layers: whether each of several scopes that hold the same has rows of its own.
      health: whether values were looked at.
    """

    checkpoint: Checkpoint
    rows: Sequence[Row]
    slots: bool = False
    layers: bool = False
    health: bool = False

    def folded(self) -> list[tuple[Row, str]]:
        """Returns the rows that are shown, each with what its slots and averages are.

        A companion of which something needs attention has a row of its own, and so has one of a
        variable that isn't listed.
        """
        if self.slots:
            return [(row, "") for row in self.rows]
        listed = {row["name"] for row in self.rows}
        within: dict[str, list[str]] = {}
        shown = []
        for row in self.rows:
            if row["of"] in listed and row["of"] != row["name"] and not _alarming(row):
                within.setdefault(row["of"], []).append(row["slot"] or AVERAGE_LEAF)
            else:
                shown.append(row)
        return [(row, companion_words(within.get(row["name"], ()))) for row in shown]


def print_listing(listing: Listing) -> None:
    """Prints a table of the variables and, below it, how many there are."""
    table = listing.folded()
    columns = ["name", "shape", "dtype", "role", "saved name", "slots", "size"]
    columns += [*_NUMBERS, *_COUNTS] if listing.health else []
    cells = [_cells(row, slots, listing) for row, slots in table]
    if on_terminal():
        rows = [row for row, _ in table]
        like = [(*one[1:_SPECS], _alarming(row)) for one, row in zip(cells, rows, strict=True)]
        lines = tree_lines([row["name"] for row in rows], alike=None if listing.layers else like)
        cells = [_in_tree(line, cells, rows) for line in lines]
    right = ["size", *_NUMBERS, *_COUNTS]
    print_table(columns, cells, right=right, optional=_SPARED)
    say_lines(["", *_totals(listing)])


def _cells(row: Row, slots: str, listing: Listing) -> list[str]:
    sliced = f" in {row['slices']} slices" if row["slices"] else ""
    # A role that the name says itself is no news.
    role = "" if row["role"] == row["name"].rpartition("/")[2] else row["role"]
    saved = row.get("saved_name", "")
    cells = [row["name"], str(tuple(row["shape"])), row["dtype"] + sliced, role, saved, slots]
    cells.append(human_bytes(row["bytes"]))
    return [*cells, *_health_cells(row)] if listing.health else cells


def _in_tree(line: Line, cells: Sequence[Sequence[str]], rows: Sequence[Row]) -> list[str]:
    """Returns the cells of a line: a variable's, or what all variables of a scope take."""
    text = line.text + (f" x {line.count}" if line.count > 1 else "")
    health = len(cells[0]) > _SPECS
    if line.at is not None:
        values = _health_cells(together([rows[at] for at in line.every])) if health else []
        return [text, *cells[line.at][1:_SPECS], *values]
    size = human_bytes(sum(rows[at]["bytes"] for at in line.holds))
    return [text, *[""] * (_SPECS - 2), size, *[""] * (len(cells[0]) - _SPECS)]


def _alarming(row: Row) -> bool:
    return "damage" in row or bool(row.get("nan")) or bool(row.get("inf"))


def _health_cells(row: Row) -> list[str]:
    if "damage" in row:
        return [Alarm("damaged"), *[""] * (len(_NUMBERS) + len(_COUNTS) - 1)]
    numbers = ["" if row.get(c) is None else f"{row[c]:.4g}" for c in _NUMBERS]
    alarms = [Alarm(row[c]) if row.get(c) else "" for c in ("nan", "inf")]  # none is no news
    return [*numbers, *alarms, str(row.get("zero") or "")]


def _totals(listing: Listing) -> list[str]:
    checkpoint, rows = listing.checkpoint, listing.rows
    objects = "object-based, " if checkpoint.is_object_based else ""
    files = len(checkpoint.files)
    extra = [row for row in rows if row["kind"] in ("slot", "shadow")]
    lines = [
        f"{len(rows):,} of {len(checkpoint):,} variables, {_elements(rows):,} elements, "
        f"{human_bytes(sum(row['bytes'] for row in rows))} ({checkpoint.format} checkpoint, "
        f"{objects}{files} file{'s'[: files != 1]})",
    ]
    if extra:
        lines.append(
            f"of these, {len(extra)} slots and moving averages with {_elements(extra):,} elements"
        )
    sick = fold_names(row["name"] for row in rows if row.get("nan") or row.get("inf"))
    if sick:
        more = f", and {len(sick) - _NAMED} more" * (len(sick) > _NAMED)
        lines.append(f"NaN or Inf in {', '.join(sick[:_NAMED])}{more}")
    return lines


def _elements(rows: Sequence[Row]) -> int:
    return sum(math.prod(row["shape"]) for row in rows)
