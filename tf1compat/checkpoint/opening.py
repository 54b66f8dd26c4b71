"""From what a user names to the checkpoint that is meant."""

from __future__ import annotations

import difflib
import os
import re

from tf1compat.checkpoint._state import read_state
from tf1compat.checkpoint.checkpoint import Checkpoint
from tf1compat.errors import CheckpointNotFoundError

__all__ = ["find_prefix", "open_checkpoint"]

_SUFFIX = re.compile(r"\.(index|meta|data-\d{5,}-of-\d{5,}|manifest\.json)$")
_SHARD = re.compile(r"-(\d{5}|\?{5})-of-(\d{5})$")


def open_checkpoint(path: str | os.PathLike[str], *, step: int | None = None) -> Checkpoint:
    """Opens a name-based checkpoint for reading; mirrors ``tf.train.load_checkpoint``.

    Only the index is read, and checked in full; values are read when asked for.

    Args:
      path: a prefix (``model.ckpt-100``), a V1 file, or a directory whose ``checkpoint`` file
        names the latest prefix. One of a checkpoint's files (``.index``, ``.meta``,
        ``.data-00000-of-00001``) stands for its prefix.
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
    """Returns the prefix (or the V1 path) that `path` and `step` mean; for both see there.

    Raises:
      CheckpointNotFoundError: there is none.
      CorruptCheckpointError: a directory's ``checkpoint`` file can't be read.
    """
    name = os.fspath(path)
    if os.path.isdir(name):
        return _in_directory(name, step=step)
    stem = _SUFFIX.sub("", name)
    candidates = [stem] if step is None else [f"{stem}-{step}", stem]
    if step is not None and not stem.endswith(f"-{step}"):
        candidates = [f"{stem}-{step}"]
    for candidate in candidates:
        if _exists(candidate):
            return candidate
    raise _not_found(candidates[0], given=name)


def _in_directory(directory: str, *, step: int | None) -> str:
    """Returns the prefix that a directory's state file names, or that has the step."""
    latest, every = read_state(directory)
    if step is None:
        if latest is None:
            raise _not_found(os.path.join(directory, "checkpoint"), given=directory)
        return _resolve(directory, latest)
    named = [prefix for prefix in every if prefix.endswith(f"-{step}")]
    there = [os.path.join(directory, one) for one in _prefixes(directory)]
    named += [prefix for prefix in there if prefix.endswith(f"-{step}")]
    for prefix in named:
        found = _resolve(directory, prefix)
        return found
    raise _not_found(os.path.join(directory, f"...-{step}"), given=directory)


def _resolve(directory: str, prefix: str) -> str:
    """Returns where a prefix of a state file is now; directories get moved with what's in them."""
    places = [os.path.join(directory, prefix), os.path.join(directory, os.path.basename(prefix))]
    for place in places:
        if _exists(place):
            return place
    raise _not_found(places[0], given=directory)


def _exists(prefix: str) -> bool:
    if os.path.lexists(prefix + ".index"):
        return True
    return os.path.lexists(prefix) and not os.path.isdir(prefix)


def _prefixes(directory: str) -> tuple[str, ...]:
    """Returns the prefixes of the checkpoints in a directory, those of V2 first."""
    try:
        names = sorted(os.listdir(directory or "."))
    except OSError:
        return ()
    return tuple(dict.fromkeys(name[:-6] for name in names if name.endswith(".index")))


def _not_found(prefix: str, *, given: str) -> CheckpointNotFoundError:
    directory = given if os.path.isdir(given) else os.path.dirname(given)
    there = _prefixes(directory)
    base = os.path.basename(prefix)
    near = difflib.get_close_matches(base, there, n=3, cutoff=0) or there[:3]
    if near:
        hint = "the nearest there: " + ", ".join(os.path.join(directory, one) for one in near)
    elif os.path.isdir(directory or "."):
        hint = f"{directory or '.'} holds no checkpoint"
    else:
        hint = f"{directory} is not a directory"
    return CheckpointNotFoundError(f"{prefix}: there is no such checkpoint; {hint}")
