"""From what a user names to the checkpoint that is meant."""

from __future__ import annotations

import os
import re

from tf1compat.checkpoint.checkpoint import Checkpoint
from tf1compat.checkpoint.formats import checkpoint_names, exists, is_directory, prefix_of
from tf1compat.checkpoint.state_file import read_state
from tf1compat.errors import CheckpointNotFoundError

__all__ = ["find_prefix", "open_checkpoint"]


def open_checkpoint(path: str | os.PathLike[str], *, step: int | None = None) -> Checkpoint:
    """Opens a name-based checkpoint for reading; mirrors ``tf.train.load_checkpoint``.

    Only the index is read, and checked in full; values are read when asked for.

    Args:
      path: a prefix (``model.ckpt-100``), a V1 file, or a directory whose ``checkpoint`` file
        names the latest prefix; or what another of
        :data:`~tf1compat.checkpoint.formats.SOURCE_FORMATS` goes by. One of a checkpoint's files
        (its index, its graph, a shard) stands for its prefix.
      step: choose the checkpoint saved with this ``global_step`` instead: the one whose prefix
        ends in ``-<step>``.

    Returns:
      A read-only mapping of the variables' names to entries.

    Raises:
      CheckpointNotFoundError: there is none; the message names the nearest that are there.
      CorruptCheckpointError: the index, or the ``checkpoint`` file, is damaged.
      UnsupportedCheckpointError: big-endian tensors, or a format for newer readers.
    """
    return Checkpoint(find_prefix(path, step=step))


def find_prefix(path: str | os.PathLike[str], *, step: int | None = None) -> str:
    """Returns the prefix that `path` and `step` mean; for both see :func:`open_checkpoint`.

    Raises:
      CheckpointNotFoundError: there is none.
      CorruptCheckpointError: a directory's ``checkpoint`` file can't be read.
    """
    name = os.fspath(path)
    if "\0" in name:
        raise CheckpointNotFoundError(f"{name!r}: no path holds a NUL character")
    if os.path.isdir(name) and not is_directory(name):
        return _in_directory(name, step=step)
    stem = prefix_of(name)
    if step is not None:
        stem = re.sub(r"-\d+$", "", stem) + f"-{step}"
    if not exists(stem):
        raise _not_found(stem, directory=os.path.dirname(stem))
    return stem


def _in_directory(directory: str, *, step: int | None) -> str:
    """Returns the prefix that a directory's state file names, or that has the step."""
    latest, every = read_state(directory)
    wanted = latest
    if step is not None:
        named = (prefix_of(prefix) for prefix in (*every, *checkpoint_names(directory)))
        wanted = next((prefix for prefix in named if prefix.endswith(f"-{step}")), f"*-{step}")
    if wanted is None:
        raise _not_found(os.path.join(directory, "checkpoint"), directory=directory)
    here = prefix_of(wanted)
    # a directory may have been moved with what is in it, so its own files come next
    for place in (os.path.join(directory, here), os.path.join(directory, os.path.basename(here))):
        if exists(place):
            return place
    raise _not_found(os.path.join(directory, here), directory=directory)


def _not_found(prefix: str, *, directory: str) -> CheckpointNotFoundError:
    from tf1compat.names import nearest_names

    near = nearest_names(os.path.basename(prefix), checkpoint_names(directory))
    if near:
        hint = "nearest: " + ", ".join(os.path.join(directory, one) for one in near)
    elif os.path.isdir(directory or "."):
        hint = f"{directory or 'the current directory'} holds no checkpoint"
    else:
        hint = f"{directory} is not a directory"
    return CheckpointNotFoundError(f"{prefix}: there is no such checkpoint; {hint}")
