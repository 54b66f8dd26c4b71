"""Folders for what is needed for a moment: gone afterwards, unless the process is killed."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator

from tf1compat.stopping import unstoppable

__all__ = ["scratch_folder"]


@contextlib.contextmanager
def scratch_folder() -> Iterator[str]:
    """Yields the path of a new folder of the system's temporary directory; removes it afterwards.

    A signal that ends the process waits until it is made, and until it is removed.
    """
    folder = None
    try:
        with unstoppable():
            folder = tempfile.TemporaryDirectory(prefix="tf1compat-")
        yield folder.name
    finally:
        if folder is not None:
            with unstoppable():
                folder.cleanup()
