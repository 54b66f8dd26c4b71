"""What stands at a path, of this machine or at a URL: asked before anything is opened."""

from __future__ import annotations

import os
from collections.abc import Hashable

from tf1compat.files._remote import is_url, looked_up, names_at
from tf1compat.files.regular import special_kind

__all__ = ["exists", "is_file", "is_folder", "is_url", "names_in", "state_of", "what_stands"]


def exists(path: str) -> bool:
    """Tells whether anything stands there, be it a link to nothing; errors as for `names_in`."""
    return looked_up(path) is not None if is_url(path) else os.path.lexists(path)


def is_file(path: str) -> bool:
    """Tells whether a file stands there; errors as for :func:`names_in`."""
    if not is_url(path):
        return os.path.isfile(path)
    place = looked_up(path)
    return place is not None and not place.is_folder


def is_folder(path: str) -> bool:
    """Tells whether a directory stands there; errors as for :func:`names_in`."""
    if not is_url(path):
        return os.path.isdir(path)
    place = looked_up(path)
    return place is not None and place.is_folder


def names_in(folder: str) -> list[str]:
    """Returns the names of what a directory holds, sorted; of "" that is the current one.

    Raises:
      OSError: there is no such directory, or its store lists none.
      CheckpointError: a store can't be asked.
      UsageError: it is a URL, and what reads these isn't installed.
    """
    return names_at(folder) if is_url(folder) else sorted(os.listdir(folder or "."))


def state_of(path: str) -> tuple[Hashable, ...]:
    """Returns what changes with a file's content, as far as its file system tells; () of none."""
    if is_url(path):
        place = looked_up(path)
        return () if place is None else place.identity
    try:
        found = os.stat(path)
    except OSError:  # said when it is opened
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def what_stands(path: str) -> str:
    """Returns what stands at a path of this machine, as an error says it: "a file", "a FIFO"."""
    if os.path.islink(path):
        return f"a link to {os.readlink(path)!r}"
    return "a folder" if os.path.isdir(path) else special_kind(path) or "a file"
