"""From what a user names to the checkpoint that is meant."""

from __future__ import annotations

import contextlib
import ntpath
import os
import re
from collections.abc import Iterable, Iterator

from tf1compat.checkpoint._saved_model import saved_model_below, saved_model_prefix
from tf1compat.checkpoint.bundle.file_names import INDEX, data_files
from tf1compat.checkpoint.checkpoint import Checkpoint
from tf1compat.checkpoint.foreign.looking import recognise, require_own
from tf1compat.checkpoint.source_formats import (
    checkpoint_names,
    exists,
    format_of,
    is_directory,
    prefix_of,
)
from tf1compat.checkpoint.state_file import (
    NO_STATE,
    STATE_FILE,
    is_state_file,
    read_state,
    read_state_file,
)
from tf1compat.checkpoint.v1_format.v1 import V1
from tf1compat.errors import CheckpointError, CheckpointNotFoundError, UsageError
from tf1compat.files.standing import is_file, is_folder, is_url, names_in
from tf1compat.stopping import SIGNALS, stoppable

__all__ = ["find_prefix", "open_checkpoint"]

_LOOKED_AT = 100  # files of a directory, at most
_SHOWN = 3


@stoppable(SIGNALS[:1])  # once for all that is asked within
def open_checkpoint(path: str | os.PathLike[str], *, step: int | None = None) -> Checkpoint:
    """Opens a name-based checkpoint for reading; mirrors ``tf.train.load_checkpoint``.

    Only the index is read, and checked in full; values are read when asked for.

    Args:
      path: a prefix (``model.ckpt-100``), a V1 file, a ``checkpoint`` file (which names the latest
        prefix) or a directory that has one, a SavedModel (its directory or its ``saved_model.pb``;
        its values are ``variables/variables``); or what another of
        :data:`~tf1compat.checkpoint.source_formats.SOURCE_FORMATS` goes by. One of a checkpoint's
        files (its index, its graph, a shard), be its name cut off, stands for its prefix. Each may
        be at a URL (``gs://``, ``s3://``, ``https://``), read in ranges through fsspec.
      step: choose the checkpoint saved with this ``global_step`` instead: the one whose prefix
        ends in ``-<step>``.

    Returns:
      A read-only mapping of the variables' names to entries.

    Raises:
      CheckpointNotFoundError: there is none; the message names the nearest that are there.
      CorruptCheckpointError: the index, or the ``checkpoint`` file, is damaged.
      CheckpointError: a store can't be reached, or refuses.
      UsageError: what reads such a URL isn't installed; or several checkpoints have the step.
      UnsupportedCheckpointError: big-endian tensors, a format for newer readers, or another kind
        of file or model, which the message names by its content.
    """
    return Checkpoint(find_prefix(path, step=step))


def find_prefix(path: str | os.PathLike[str], *, step: int | None = None) -> str:
    """Returns the prefix that `path` and `step` mean; for both see :func:`open_checkpoint`.

    Raises:
      CheckpointNotFoundError: there is none.
      CorruptCheckpointError: a ``checkpoint`` file can't be read.
      UnsupportedCheckpointError: a SavedModel without values, or a file that is something else.
      UsageError: several checkpoints have the step.
    """
    name = os.fspath(path)
    if "\0" in name:
        raise CheckpointNotFoundError(f"{name!r}: no path holds a NUL character")
    if is_folder(name) and not is_directory(name):
        return _in_directory(name, step=step)
    if is_state_file(name):
        return _of_state(read_state_file(name), directory=os.path.dirname(name), step=step)
    stem = prefix_of(name)
    if step is not None:
        stem = re.sub(r"-\d+$", "", stem) + f"-{step}"
    if not exists(stem):
        raise _not_found(stem, given=name, directory=os.path.dirname(stem))
    # any file at all is taken for a V1 checkpoint, so that its damage is told
    values = saved_model_prefix(stem) if format_of(stem).name == V1.name else None
    return values or stem


def _in_directory(directory: str, *, step: int | None) -> str:
    """Returns the prefix that a directory's state file names, or that has the step."""
    state = read_state(directory)
    if state == NO_STATE and step is None:
        found = saved_model_prefix(directory)
        if found is not None:
            return found
    return _of_state(state, directory=directory, step=step)


def _of_state(
    state: tuple[str | None, tuple[str, ...]], *, directory: str, step: int | None
) -> str:
    """Returns the prefix that a state file names, or that has the step."""
    wanted, every = state
    if step is not None:
        wanted = _of_step(step, [*every, *checkpoint_names(directory)], directory=directory)
    if wanted is None:
        state_file = os.path.join(directory, STATE_FILE)
        raise _not_found(state_file, given=state_file, directory=directory)
    place = _place(wanted, directory=directory)
    if place is None:
        missing = os.path.join(directory, prefix_of(_last_of_url(wanted)))
        raise _not_found(missing, given=missing, directory=directory)
    return place


def _of_step(step: int, prefixes: Iterable[str], *, directory: str) -> str:
    """Returns the one prefix that ends in the step and is there; else one that isn't, to name."""
    named = [one for one in prefixes if prefix_of(_last_of_url(one)).endswith(f"-{step}")]
    distinct: dict[str, str] = {}  # a copied folder and what it was copied from are the same
    for one in named:
        if place := _place(one, directory=directory):
            distinct.setdefault(os.path.basename(place), one)
    if len(distinct) > 1:
        raise UsageError(
            f"{directory}: expected one checkpoint of step {step}, found {len(distinct)}: "
            f"{', '.join(sorted(distinct))}; name one"
        )
    return next(iter([*distinct.values(), *named]), f"*-{step}")


def _place(wanted: str, *, directory: str) -> str | None:
    """Returns where a prefix that a state file names is."""
    here = prefix_of(_last_of_url(wanted))
    # A directory may have been moved with what is in it, so its own files come next; and it may
    # have been written on Windows.
    for base in (here, os.path.basename(here), ntpath.basename(here)):
        place = os.path.join(directory, base)
        same_side = is_url(place) == is_url(directory)  # a path of whoever wrote it isn't one here
        if base and same_side and exists(place):
            return place
    return None


def _last_of_url(prefix: str) -> str:
    """Returns the last part of a URL, any other prefix as it is: no file sends its reader away."""
    return os.path.basename(prefix) if is_url(prefix) else prefix


def _not_found(prefix: str, *, given: str, directory: str) -> CheckpointNotFoundError:
    """Returns the error that says what is there instead, after what a file given is by itself."""
    from tf1compat.names import nearest_names

    if is_file(given):
        require_own(given)
    near = nearest_names(os.path.basename(prefix), checkpoint_names(directory))
    if _has_data(prefix):
        hint = f"its data files are, but not {prefix}{INDEX}, without which nobody can read them"
    elif is_url(prefix) and not is_folder(directory):
        hint = f"{directory} isn't listed: name the prefix of a checkpoint, or one of its files"
    elif near:
        hint = "nearest: " + ", ".join(os.path.join(directory, one) for one in near)
    elif is_folder(directory or "."):
        where = directory or "the current directory"
        hint = f"{where} holds no checkpoint{_instead(directory, prefix)}"
    else:
        hint = f"{directory} is not a directory{_nearest(prefix)}"
    return CheckpointNotFoundError(f"{prefix}: there is no such checkpoint; {hint}")


def _has_data(prefix: str) -> bool:
    return bool(data_files(prefix))


def _nearest(prefix: str) -> str:
    """Returns what is near a directory that isn't there."""
    from tf1compat.checkpoint.nearby import nearest_checkpoints

    near = nearest_checkpoints(*os.path.split(prefix))
    return f"; nearest: {', '.join(near)}" if near else ""


def _instead(directory: str, prefix: str) -> str:
    """Returns what a directory without a checkpoint holds of models, where that helps."""
    from tf1compat.checkpoint.nearby import checkpoints_below

    models = saved_model_below(directory)
    if models:
        return f", but SavedModels: {', '.join(models[-_SHOWN:])}"
    if below := checkpoints_below(directory, os.path.basename(prefix)):
        return f", but folders in it do: {', '.join(below)}"
    found = [f"{path} ({kind})" for path, kind in _strangers(directory)]
    return f"; it holds {', '.join(found[:_SHOWN])}" if found else ""


def _strangers(directory: str) -> Iterator[tuple[str, str]]:
    """Yields the files of a directory that are models of other kinds, and which."""
    for name in names_in(directory)[:_LOOKED_AT]:
        path = os.path.join(directory, name)
        with contextlib.suppress(CheckpointError):  # of a store that refuses this one
            found = recognise(path) if is_file(path) else None
            if found is not None and found.is_model:
                yield name, found.what
