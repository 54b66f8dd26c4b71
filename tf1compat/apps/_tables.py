"""Tables and progress: as wide as the terminal, or whole lines where the output is piped."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence

__all__ = ["print_table", "progress_bar"]

_GAP = "  "
_NARROWEST = 8  # characters that a column keeps on a terminal, however narrow


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()
) -> None:
    """Prints rows under a header; `right` names the columns aligned to the right.

    On a terminal, cells that don't fit are folded. A pipe gets one line a row, however long, for
    names are for grep. Columns are laid out here for both: rich's tables would cost a pipe 50 ms
    of imports and half a millisecond a row, more than reading the checkpoint's index.
    """
    terminal = sys.stdout.isatty()
    room = shutil.get_terminal_size().columns if terminal else None
    header, *lines = table_lines([columns, *rows], room, right=[c in right for c in columns])
    if not terminal:
        sys.stdout.write("".join(f"{line}\n" for line in itertools.chain(header, *lines)))
        return
    from rich.console import Console  # knows whether the terminal has bold

    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print("\n".join(header), style="bold")
    sys.stdout.write("".join(f"{line}\n" for line in itertools.chain(*lines)))


def table_lines(
    table: Sequence[Sequence[str]], room: int | None, *, right: Sequence[bool]
) -> Iterator[list[str]]:
    """Yields the lines of each row: one, or as many as its longest cell takes in its column.

    Args:
      table: the rows.
      room: characters that a line may have; None for as many as it takes.
      right: of each column, whether it is aligned to the right.

    >>> list(table_lines([["name", "n"], ["a/long/name", "10"]], 12, right=[False, True]))
    [['name       n'], ['a/long/n  10', 'ame']]
    """
    widths = _widths(table, room)
    for row in table:
        parts = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
        yield [
            _GAP.join(
                cell.rjust(width) if is_right else cell.ljust(width)
                for cell, width, is_right in zip(cells, widths, right, strict=True)
            ).rstrip()
            for cells in itertools.zip_longest(*parts, fillvalue="")
        ]


def _widths(table: Sequence[Sequence[str]], room: int | None) -> list[int]:
    """Returns the columns' widths: what they need, the widest cut to what is left of the room."""
    needed = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    limit = max(needed)
    if room is not None:
        left = room - len(_GAP) * (len(needed) - 1)
        while limit > _NARROWEST and sum(min(width, limit) for width in needed) > left:
            limit -= 1
    return [min(width, limit) for width in needed]


def _folded(cell: str, width: int) -> list[str]:
    return [cell[start : start + width] for start in range(0, len(cell), width)] or [""]


@contextlib.contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[str, int], None]]:
    """Yields what to call after each of `total` steps; a bar shows them on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _name, _bytes: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with progress:
        task = progress.add_task(what, total=total)
        yield lambda _name, _bytes: progress.update(task, advance=1)
