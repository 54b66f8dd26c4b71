"""How far something is that takes longer than a second, for somebody who waits at a terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tf1compat.files.telling import steps_told_to

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

__all__ = ["Advance", "advance_by", "progress"]

Advance = Callable[[str, int], None]  # given what was done, and its bytes

_PATIENCE = 1.0  # seconds before anything is shown


@contextlib.contextmanager
def progress(what: str, total: int = 0) -> Iterator[Advance]:
    """Yields what to call with each thing's name and bytes as it is done.

    From the second second on a terminal on standard error has a line of it: bytes, their rate and
    the time left; or, where no `total` is known, how long it has taken. Behind what is done stands
    the step of it that is told (:func:`~tf1compat.files.telling.tell_step`).

    Args:
      what: what is done, ``"verifying"``.
      total: bytes that there are to do.
    """
    if not sys.stderr.isatty():
        yield _unseen
        return
    # A descriptor of its own: that of standard error is put aside while TensorFlow greets.
    with os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8") as terminal:
        from rich.console import Console
        from rich.progress import Progress

        shown = Progress(
            *_columns(total),
            console=Console(file=terminal, no_color=True),  # what needs attention has colours
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        step = _Step()
        task = shown.add_task(what, total=total or None, step=step)
        with _later(shown), steps_told_to(step.told):
            yield lambda _name, size: shown.update(task, advance=size)


class _Step:
    """The step that was told last, in words when a line is drawn: there may be many a second."""

    def __init__(self) -> None:
        self._last: tuple[str, int, int] | None = None

    def told(self, what: str, done: int, total: int) -> None:
        self._last = what, done, total

    def __str__(self) -> str:
        if self._last is None:
            return ""
        what, done, total = self._last
        return f": {done:,} of {total:,} {what}" if total else f": {what}"


def advance_by(advance: Advance) -> Callable[[int], None]:
    """Returns what to call with bytes alone, whatever they are of."""
    return lambda size: advance("", size)


def _unseen(_name: str, _size: int) -> None:
    pass


@contextlib.contextmanager
def _later(shown: Progress) -> Iterator[None]:
    timer = threading.Timer(_PATIENCE, shown.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        shown.stop()


def _columns(total: int) -> list[ProgressColumn]:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    text = TextColumn("{task.description}{task.fields[step]}")
    if not total:
        return [SpinnerColumn(), text, TimeElapsedColumn()]
    return [text, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
