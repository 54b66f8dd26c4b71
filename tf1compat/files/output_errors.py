"""Errors of the system, said as errors of an output."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from tf1compat.errors import OutputError, Tf1CompatError

__all__ = ["BEFORE", "naming", "path_text", "real_path", "standing"]

BEFORE = "what stood there before still stands"


def standing(path: str) -> str:
    """Returns what an error says of the place of an output that wasn't written."""
    there = os.path.lexists(path)
    return BEFORE if there else "nothing stands there, as before"


@contextlib.contextmanager
def naming(path: str, *, stands: str = "") -> Iterator[None]:
    """Turns an OSError of the block into an OutputError that names `path` and what stands there."""
    try:
        yield
    except Tf1CompatError:  # some are OSErrors too, and say better what is wrong
        raise
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        if error.filename not in (None, path):
            reason += f": {error.filename}"
        stands = stands or standing(path)
        raise OutputError(f"{path}: could not be written ({reason}); {stands}") from error


def path_text(path: str | os.PathLike[str]) -> str:
    """Returns a path as text; raises OutputError for what the system takes for no path."""
    name = os.fspath(path)
    if "\0" in name:
        raise OutputError(f"{name!r}: can't be written, no path holds a NUL character")
    try:
        os.fsencode(name)
    except UnicodeEncodeError as error:
        raise OutputError(
            f"{name!r}: can't be written, it has characters that paths have none of here ({error})"
        ) from error
    return name


def real_path(path: str) -> str:
    """Returns where a path leads; raises OutputError where the directory it starts from is gone."""
    try:
        return os.path.realpath(path)
    except OSError as error:
        raise OutputError(
            f"{path}: can't be told where it leads, the working directory was removed; change to "
            "another"
        ) from error
