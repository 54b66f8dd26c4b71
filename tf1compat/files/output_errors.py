"""Errors of the system, said as errors of an output."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tf1compat.errors import OutputError, Tf1CompatError

__all__ = ["BEFORE", "naming"]

BEFORE = "what stood there before still stands"


@contextlib.contextmanager
def naming(path: str, *, stands: str = BEFORE) -> Iterator[None]:
    """Turns an OSError of the block into an OutputError that names `path` and what stands there."""
    try:
        yield
    except Tf1CompatError:  # some are OSErrors too, and say better what is wrong
        raise
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        if error.filename not in (None, path):
            reason += f": {error.filename}"
        raise OutputError(f"{path}: could not be written ({reason}); {stands}") from error
