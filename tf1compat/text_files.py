"""Small files of text that others wrote, read whole: regular files of a bounded size alone."""

from __future__ import annotations

import os

from tf1compat.budget import Budget, Meter
from tf1compat.errors import BudgetError, UsageError
from tf1compat.regular_files import IrregularFileError, regular_handle

__all__ = ["TEXT", "read_bytes", "read_text"]

TEXT = Meter("bytes of text", each=0, least=16 << 20)
"""Of what people write."""


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
        with open(regular_handle(place), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            Budget(place, size).spend(meter, size)
            data = file.read(size)
            if file.read(1):
                raise _unreadable(place, "that it grew while it was read")
            return data
    except (UsageError, BudgetError):
        raise
    except IrregularFileError as error:
        raise _unreadable(place, error.kind) from error
    except (OSError, ValueError) as error:
        raise _unreadable(place, getattr(error, "strerror", None) or str(error)) from error


def _unreadable(place: str, found: str) -> UsageError:
    return UsageError(f"{place}: expected a readable text file, found {found}; check the path")
