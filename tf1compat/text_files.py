"""Small files of text that others wrote, read whole: regular files of a bounded size alone."""

from __future__ import annotations

import os
import stat

from tf1compat.budget import Budget, Meter
from tf1compat.errors import BudgetError, UsageError

__all__ = ["TEXT", "read_bytes", "read_text"]

TEXT = Meter("bytes of text", each=0, least=16 << 20)
"""Of what people write."""

_KINDS = {
    stat.S_IFIFO: "It is a pipe, not a file",
    stat.S_IFSOCK: "It is a socket, not a file",
    stat.S_IFCHR: "It is a device, not a file",
    stat.S_IFBLK: "It is a device, not a file",
}


def read_text(path: str | os.PathLike[str], meter: Meter = TEXT) -> str:
    """Returns the text of a UTF-8 file; a mark of byte order at its start is no part of it.

    Args:
      path: of a regular file.
      meter: how many bytes it may have.

    Raises:
      UsageError: there is no such file, it is no regular one, can't be read or isn't UTF-8.
      BudgetError: it is too large.
    """
    place = os.fspath(path)
    data = read_bytes(place, meter)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{place}: expected UTF-8 text, found that byte {error.start} is not; save it as UTF-8"
        ) from error


def read_bytes(path: str | os.PathLike[str], meter: Meter = TEXT) -> bytes:
    """Returns the bytes of a small file; arguments and errors as for :func:`read_text`."""
    place = os.fspath(path)
    try:
        # A FIFO would wait for whoever writes to it, unless it is asked not to.
        handle = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:
            status = os.fstat(handle)
            kind = _KINDS.get(stat.S_IFMT(status.st_mode))
            if kind is not None:
                raise _unreadable(place, kind)
            Budget(place, status.st_size).spend(meter, status.st_size)
            data = file.read(status.st_size)
            if file.read(1):
                raise _unreadable(place, "that it grew while it was read")
            return data
    except (UsageError, BudgetError):
        raise
    except (OSError, ValueError) as error:
        raise _unreadable(place, getattr(error, "strerror", None) or str(error)) from error


def _unreadable(place: str, found: str) -> UsageError:
    return UsageError(f"{place}: expected a readable text file, found {found}; check the path")
