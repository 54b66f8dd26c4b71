"""Standard output and error of the command, whatever they are connected to."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from tf1compat.errors import OutputError

__all__ = ["EXIT_PIPE", "StandardStreams", "standard_streams"]

EXIT_PIPE = 141  # 128 and SIGPIPE's number, as shells have it


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
            outlet = _Outlet(1, loud=True)
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


def _text(outlet: _Outlet, like: TextIO | None) -> TextIO:
    direct = getattr(like, "write_through", False)
    return io.TextIOWrapper(
        io.BufferedWriter(outlet),
        encoding=getattr(like, "encoding", None) or "utf-8",
        errors="backslashreplace",
        line_buffering=getattr(like, "line_buffering", True),
        write_through=direct,
    )
