"""Flags that several apps have, defined in each app's own set of flags."""

from __future__ import annotations

import os
from collections.abc import Mapping

from absl import flags

import tf1compat.keras3.formats.keras_sources  # noqa: F401 - adds Keras' files to the formats
from tf1compat.apps._printing import complain
from tf1compat.checkpoint import Checkpoint, open_checkpoint
from tf1compat.checkpoint.source_formats import SOURCE_FORMATS
from tf1compat.checkpoint.state_file import STATE_FILE
from tf1compat.errors import Problem, UsageError
from tf1compat.files.regular import special_kind

__all__ = [
    "SourceFlags",
    "define_format",
    "opened",
    "require_files",
    "source_help",
]


_ELSEWHERE = (
    "{} names {}, in another folder, which is read; to read what is in the folder, name its prefix"
)


def source_help() -> str:
    """Returns what ``--checkpoint`` may be, a line for each format."""
    lines = [f"  {one.name}: {one.summary}" for one in SOURCE_FORMATS.values()]
    return "\n".join(["formats of checkpoints:", *lines])


def define_format(flag_values: flags.FlagValues) -> flags.FlagHolder[str]:
    """Defines ``--format`` of a task whose answer is a table, or the same as JSON."""
    return flags.DEFINE_enum(
        "format", "table", ["table", "json"], "How to print.", flag_values=flag_values
    )


def opened(path: str, *, step: int | None = None) -> Checkpoint:
    """Opens a checkpoint, and says on standard error where a folder's is in another folder.

    Savers of 1.x write absolute paths, which a copy of the folder has too.
    """
    checkpoint = open_checkpoint(path, step=step)
    folder = os.path.dirname(path) if os.path.basename(path) == STATE_FILE else path
    if os.path.isdir(folder):
        held, read = (os.path.realpath(one) for one in (folder, os.path.dirname(checkpoint.prefix)))
        if os.path.commonpath([held, read]) != held:
            complain(_ELSEWHERE.format(os.path.join(folder, STATE_FILE), checkpoint.prefix))
    return checkpoint


def require_files(named: Mapping[str, str | None]) -> None:
    """Refuses paths that nothing or no file is at, before seconds are spent on anything else.

    Args:
      named: the paths by the flags that name them; None or "" where a flag names no file.

    Raises:
      UsageError: naming every flag whose file is missing, or is a FIFO, a device or a socket.
    """
    missing = {flag: path for flag, path in named.items() if path and not os.path.exists(path)}
    problems = [
        Problem(f"--{flag}", "a file", f"none at {path!r}", remedy=_nearest(path))
        for flag, path in missing.items()
    ]
    if problems:
        raise UsageError.from_problems("a file isn't there:", problems)
    special = {flag: (special_kind(path), path) for flag, path in named.items() if path}
    problems = [
        Problem(f"--{flag}", "a regular file", f"{kind} at {path!r}")
        for flag, (kind, path) in special.items()
        if kind
    ]
    if problems:
        raise UsageError.from_problems("a file can't be read:", problems)


def _nearest(path: str) -> str:
    from tf1compat.checkpoint.nearby import nearest_file  # what is there doesn't wait for it

    near = nearest_file(path)
    return f"nearest: {near}" if near else ""


class SourceFlags:
    """``--checkpoint`` and ``--step``."""

    def __init__(self, flag_values: flags.FlagValues) -> None:
        self._checkpoint = flags.DEFINE_string(
            "checkpoint",
            None,
            "Prefix of the checkpoint, or one of its files; its directory, or the `checkpoint` "
            "file there; a SavedModel that holds it; or a file of another of the formats below. "
            "Each may be at a URL (gs://, s3://, https://).",
            flag_values=flag_values,
            required=True,
        )
        self._step = flags.DEFINE_integer(
            "step", None, "Of a directory, the checkpoint of this step.", flag_values=flag_values
        )

    def open(self) -> Checkpoint:
        """Returns the checkpoint that the flags name, opened."""
        return opened(self._checkpoint.value, step=self._step.value)
