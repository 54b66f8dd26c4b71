"""The checkpoints of a training directory: which steps there are, and how many to keep."""

from __future__ import annotations

import contextlib
import os

from tf1compat.checkpoint.bundle.file_names import INDEX, parts_of, step_of_index
from tf1compat.checkpoint.state_file import update_checkpoint_state
from tf1compat.errors import CheckpointNotFoundError, OutputError, UsageError
from tf1compat.files.standing import names_in

__all__ = ["keep_checkpoints", "list_checkpoints"]


def list_checkpoints(directory: str | os.PathLike[str], *, name: str = "") -> dict[int, str]:
    """Returns the prefix of each V2 checkpoint in `directory` by its global step, ascending.

    A checkpoint counts when its index is there, which every writer names last.

    Args:
      directory: a training directory.
      name: which checkpoints, where there are several series: ``"model.ckpt"``.

    Raises:
      CheckpointNotFoundError: there is no such directory.
      UsageError: two series have a checkpoint of the same step, and `name` doesn't choose.
    """
    path = os.fspath(directory)
    try:
        files = names_in(path)
    except (OSError, ValueError) as error:  # a NUL is a ValueError
        raise CheckpointNotFoundError(f"{path}: expected a directory, found none") from error
    found: dict[int, str] = {}
    for file in files:
        series, step = step_of_index(file) or ("", None)
        if step is None or (name and series != name):
            continue
        prefix = os.path.join(path, file.removesuffix(INDEX))
        if step in found:
            raise UsageError(
                f"{path}: step {step} of two series, {os.path.basename(found[step])} and"
                f" {os.path.basename(prefix)}; choose one by `name`"
            )
        found[step] = prefix
    return dict(sorted(found.items()))


def keep_checkpoints(
    directory: str | os.PathLike[str], count: int, *, name: str = ""
) -> tuple[str, ...]:
    """Removes all but the `count` newest checkpoints, by their steps; returns what was removed.

    The file ``checkpoint`` is rewritten first, so that it never names a checkpoint that is gone;
    and of each checkpoint the index goes first, so that none is left that looks complete.

    Args:
      directory: a training directory.
      count: how many to keep, at least 1.
      name: which series, as for :func:`list_checkpoints`.

    Returns:
      The removed prefixes, oldest first.

    Raises:
      CheckpointNotFoundError, UsageError: as :func:`list_checkpoints`; or `count` is less than 1.
      OutputError: a file can't be written or removed.
    """
    if count < 1:
        raise UsageError(f"count: expected at least 1, found {count}")
    found = list(list_checkpoints(directory, name=name).values())
    kept, gone = found[-count:], found[:-count]
    if not gone:
        return ()
    names = tuple(os.path.basename(prefix) for prefix in kept)
    update_checkpoint_state(directory, names[-1], every=names)
    for prefix in gone:
        _remove(prefix)
    return tuple(gone)


def _remove(prefix: str) -> None:
    folder, base = os.path.split(prefix)
    others = parts_of(base, sorted(os.listdir(folder or ".")))
    for path in [prefix + INDEX, *(os.path.join(folder, file) for file in others)]:
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        except OSError as error:
            raise OutputError(f"{path} can't be removed: {error}") from error
