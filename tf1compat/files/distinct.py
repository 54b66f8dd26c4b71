"""An output is never an input: files told apart by what they are, not by how they are spelled."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from tf1compat.errors import Problem, UsageError
from tf1compat.files.output_errors import path_text, real_path

__all__ = ["require_distinct"]

_Path: TypeAlias = "str | os.PathLike[str]"


def require_distinct(outputs: Iterable[_Path], inputs: Iterable[_Path]) -> None:
    """Refuses outputs that are among the inputs, or are one another.

    Two paths mean one file where device and inode are the same (so through symbolic links and for
    hard links), and where they lead to the same place, though nothing stands there yet. An output
    that is a folder is written anew with all that is in it, so no input may lie within.

    Args:
      outputs: paths of all files that are to be written.
      inputs: paths of all files that are read: of a checkpoint each of its files, not its prefix.

    Raises:
      UsageError: an output is such a file; the message names both.
    """
    inputs = list(inputs)
    taken = {key: (os.fspath(path), "read") for path in inputs for key in _identities(path)}
    problems = []
    for output in outputs:
        path, keys = os.fspath(output), _identities(output)
        other = next((taken[key] for key in keys if key in taken), None)
        if other is not None:
            problems.append(_problem(path, *other))
        elif (within := next(_lying_within(path, inputs), None)) is not None:
            problems.append(
                Problem(
                    path,
                    "a folder of its own",
                    f"one that holds {within}, which is read",
                    remedy="choose another path",
                )
            )
        taken |= {key: (path, "written") for key in keys if key not in taken}
    if problems:
        raise UsageError.from_problems("nothing was written, outputs lie on other files", problems)


def _identities(path: _Path) -> list[object]:
    """Returns what is equal of two paths that mean one file: the place, and the file there."""
    real = real_path(path_text(path))
    try:
        status = os.stat(real)
    except OSError:
        return [real]
    return [real, (status.st_dev, status.st_ino)]


def _lying_within(output: str, inputs: Iterable[_Path]) -> Iterator[str]:
    """Yields the inputs within a folder."""
    folder = os.path.join(real_path(path_text(output)), "")
    for path in inputs:
        if real_path(path_text(path)).startswith(folder):
            yield os.fspath(path)


def _problem(output: str, other: str, use: str) -> Problem:
    found = f"{other}, which is {use} too" if output != other else f"a file that is {use} too"
    return Problem(output, "a file of its own", found, remedy="choose another path")
