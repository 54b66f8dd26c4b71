"""Tables and progress on the terminal; plain columns in whole lines where the output is piped."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

__all__ = ["print_table", "progress_bar"]


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()
) -> None:
    """Prints rows under a header; `right` names the columns aligned to the right.

    A terminal gets a table as wide as it is. A pipe gets one line a row, however long, for names
    are for grep; and doesn't wait for the import of what draws on terminals.
    """
    if sys.stdout.isatty():
        _print_on_terminal(columns, rows, right)
        return
    table = [list(columns), *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(columns))]
    for row in table:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ]
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _print_on_terminal(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)


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
