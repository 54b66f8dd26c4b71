"""Standard output and error of the command, whatever they are connected to."""

from __future__ import annotations

import contextlib
import contextvars
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from tf1compat.errors import OutputError

__all__ = ["EXIT_PIPE", "StandardStreams", "others_aside", "output", "standard_streams"]

EXIT_PIPE = 141  # 128 and SIGPIPE's number, as shells have it

_OUTPUT: contextvars.ContextVar[TextIO | None] = contextvars.ContextVar("output", default=None)


class _Outlet(io.FileIO):
    """Where text goes. When nobody reads any more, or nothing can be written, the rest is let go.

    A task goes on then: its status says what it found, whoever reads the table.
    """

    def __init__(self, handle: int, *, loud: bool) -> None:
        super().__init__(handle, "w", closefd=False)
        self.unread = False
        self._loud = loud
        self._done = False

    def write(self, data: Any) -> int:
        if self._done:
            return memoryview(data).nbytes
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            self.unread = self._done = True
        except OSError as error:
            self._done = True
            if self._loud:
                raise OutputError(
                    f"standard output: can't be written ({error.strerror}); what follows is lost"
                ) from error
        return memoryview(data).nbytes


class _Text(io.TextIOWrapper):
    """Text of the whole process, which nobody within it closes."""

    def close(self) -> None:
        self.flush()


class _Aside(io.TextIOBase):
    """Writes to standard error, whatever that is by then."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def close(self) -> None:
        self.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()

    def fileno(self) -> int:
        return sys.stderr.fileno()


class StandardStreams:
    """What became of standard output."""

    def __init__(self, outlet: _Outlet | None) -> None:
        self._outlet = outlet

    def ended(self, status: int) -> int:
        """Writes what is left; returns `status`, or what says that not all of it was read.

        Raises:
          OutputError: it can't be written.
        """
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        unread = self._outlet is not None and self._outlet.unread
        return EXIT_PIPE if unread and not status else status


def output() -> TextIO:
    """Returns where a task says what it found."""
    return _OUTPUT.get() or sys.stdout


@contextlib.contextmanager
def others_aside() -> Iterator[None]:
    """Has what a model's functions print within the block go to standard error.

    It isn't what the task says, and would stand before its JSON.
    """
    token = _OUTPUT.set(sys.stdout)
    try:
        with contextlib.redirect_stdout(_Aside()):
            yield
    finally:
        _OUTPUT.reset(token)


@contextlib.contextmanager
def standard_streams() -> Iterator[StandardStreams]:
    """Has standard output and error take any text and any reader, for as long as the block runs.

    Characters that their encodings lack are written as escapes. What a program put in their place
    stays; where they are closed, nothing that is opened later takes their numbers.
    """
    for handle in (0, 1, 2):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    outlet = None
    with contextlib.ExitStack() as stack:
        if sys.stdout is sys.__stdout__:
            outlet = _Outlet(stack.enter_context(_own_output()), loud=True)
            stack.enter_context(contextlib.redirect_stdout(_text(outlet, sys.stdout)))
        if sys.stderr is sys.__stderr__:
            error = _text(_Outlet(2, loud=False), sys.stderr)
            stack.enter_context(contextlib.redirect_stderr(error))
        try:
            yield StandardStreams(outlet)
        finally:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OutputError, ValueError):
                    stream.flush()


@contextlib.contextmanager
def _own_output() -> Iterator[int]:
    """Yields standard output under a number of its own; under 1 there is standard error meanwhile.

    A model's function may print by way of libraries and programs, which know the number alone.
    """
    handle = os.dup(1)
    os.dup2(2, 1)
    try:
        yield handle
    finally:
        if sys.__stdout__ is not None:
            with contextlib.suppress(OSError, ValueError):
                sys.__stdout__.flush()
        os.dup2(handle, 1)
        os.close(handle)


def _text(outlet: _Outlet, like: TextIO | None) -> TextIO:
    direct = getattr(like, "write_through", False)
    return _Text(
        io.BufferedWriter(outlet),
        encoding=getattr(like, "encoding", None) or "utf-8",
        errors="backslashreplace",
        line_buffering=getattr(like, "line_buffering", True),
        write_through=direct,
    )
