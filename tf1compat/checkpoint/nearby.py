"""What is near a path of this machine at which nothing stands: files, folders, checkpoints."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from tf1compat.checkpoint.source_formats import checkpoint_names, exists
from tf1compat.files.standing import is_file, is_folder, is_url, names_in
from tf1compat.names.nearest import nearest_names

__all__ = ["checkpoints_below", "nearest_checkpoints", "nearest_file"]

_LOOKED_AT = 100  # names of a directory that are asked what they are, at most
_SHOWN = 3


def nearest_file(path: str) -> str:
    """Returns the file whose path is nearest to one at which none stands; "" of none.

    Whatever part of it is the first that isn't there: the names beside that are looked at, and the
    rest of the path is kept. None of a URL: each look would be a request.
    """
    return next(iter(_nearest(path, is_file)), "")


def nearest_checkpoints(directory: str, name: str) -> tuple[str, ...]:
    """Returns what is nearest to a checkpoint in a directory that isn't there, nearest first.

    Checkpoints in the directories that are near; where there are none, these directories.
    """
    folders = _nearest(directory, is_folder)
    found = tuple(path for folder in folders for path in _best(folder, name))
    return found or tuple(os.path.join(folder, "") for folder in folders)


def checkpoints_below(directory: str, name: str) -> tuple[str, ...]:
    """Returns the checkpoints right below a directory whose names are nearest, one a folder."""
    if is_url(directory):
        return ()
    inner = (os.path.join(directory, one) for one in _listed(directory)[:_LOOKED_AT])
    found = [path for folder in inner if is_folder(folder) for path in _best(folder, name)]
    return tuple(found[:_SHOWN])


def _best(folder: str, name: str) -> Iterable[str]:
    near = nearest_names(name, checkpoint_names(folder))
    return [path for one in near if exists(path := os.path.join(folder, one))][:1]


def _nearest(path: str, stands: Callable[[str], bool]) -> tuple[str, ...]:
    if is_url(path):
        return ()
    base, name, rest = _parted(path)
    if not name:
        return ()
    near = nearest_names(name, _listed(base), count=_LOOKED_AT)
    whole = [one for other in near if stands(one := os.path.join(base, other, *rest))]
    folders = [one for other in near if rest and is_folder(one := os.path.join(base, other))]
    return tuple((whole or folders)[:_SHOWN])


def _parted(path: str) -> tuple[str, str, list[str]]:
    """Returns a path's deepest folder that is there, the next name, and the names after it."""
    base, name = path.rstrip(os.sep), ""
    rest: list[str] = []
    while base and not is_folder(base):
        rest, (base, name) = [name, *rest] if name else rest, os.path.split(base)
        base = base.rstrip(os.sep) or base
    return base, name, rest


def _listed(folder: str) -> list[str]:
    try:
        return names_in(folder)
    except OSError:
        return []
