"""Tables and progress on the terminal; whole lines where the output is piped."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

__all__ = ["human_bytes", "print_table", "progress_bar"]

_WIDE = 100_000  # columns of a pipe: names are for grep, not to be folded


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    footer: Sequence[str] = (),
) -> None:
    """Prints rows under a header; `right` names the columns aligned to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)
    for line in footer:
        console().print(Text(line))


def console() -> Console:
    """Returns the console on standard output: as wide as the terminal, or endless in a pipe."""
    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else _WIDE, soft_wrap=not terminal, highlight=False)


def human_bytes(count: int) -> str:
    """Returns a size in the unit that a person would use.

    >>> human_bytes(1340000000)
    '1.34 GB'
    """
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if unit != "B" else f"{count} B"
        size /= 1000
    return f"{size:.3g} GB"


@contextlib.contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[str, int], None]]:
    """Yields what to call after each of `total` steps; a bar shows them on a terminal."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with progress:
        task = progress.add_task(what, total=total)
        yield lambda _name, _bytes: progress.update(task, advance=1)
