"""What libraries in C++ print to standard error, put aside."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator

__all__ = ["stderr_aside"]


@contextlib.contextmanager
def stderr_aside() -> Iterator[Callable[[], str]]:
    """Puts standard error aside; yields a function that returns what was printed so far.

    Below Python's own stream, for C++ writes to the descriptor. Where that is closed, nothing is
    put aside.
    """
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        original = os.dup(2)
    except OSError:
        yield str
        return
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield lambda: _read(kept.fileno())
        finally:
            os.dup2(original, 2)
            os.close(original)


def _read(handle: int) -> str:
    return os.pread(handle, os.fstat(handle).st_size, 0).decode(errors="replace")
