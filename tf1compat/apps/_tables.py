"""Tables and progress: as wide as the terminal, or whole lines where the output is piped."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from tf1compat.apps._outlets import output
from tf1compat.apps._printing import encodable
from tf1compat.names.columns import columns as plain_columns
from tf1compat.printable import printable_name

__all__ = ["print_table", "progress_bar"]

_GAP = "  "
_NARROWEST = 8  # characters that a column keeps on a terminal, however narrow


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()
) -> None:
    """Prints rows under a header; `right` names the columns aligned to the right.

    A terminal gets a table as wide as it is, cells folded. A pipe gets one line a row, however
    long, for names are for grep; and doesn't wait for what draws on terminals.
    """
    rows = [[encodable(printable_name(cell), output()) for cell in row] for row in rows]
    if output().isatty():
        _print_on_terminal(columns, rows, right)
        return
    lines = plain_columns([columns, *rows], right=[column in right for column in columns])
    output().write("".join(f"{line}\n" for line in lines))


def _print_on_terminal(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), header_style="bold")
    kept = [min(_NARROWEST, max(map(len, cells))) for cells in zip(columns, *rows, strict=True)]
    for column, width in zip(columns, kept, strict=True):
        justify: Literal["left", "right"] = "right" if column in right else "left"
        table.add_column(column, justify=justify, overflow="fold", min_width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(highlight=False, file=output())
    console.width = max(console.width, sum(kept) + len(_GAP) * len(kept))  # it drops what's beyond
    console.print(table)


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
