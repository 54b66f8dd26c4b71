"""What checkpoints can be read from: each format is one object, and all of them are here.

To add one, give :data:`SOURCE_FORMATS` an object with the methods of :class:`SourceFormat`. For a
format that is one file of arrays, :class:`OneFile` and :class:`ArrayIndex` have all of it but the
reading::

    class Npz(OneFile):
        name, suffix, summary = "npz", ".npz", "numpy's archive of arrays"

        def open(self, prefix):
            try:
                arrays = dict(numpy.load(prefix, allow_pickle=False))
            except (OSError, ValueError, zipfile.BadZipFile) as error:
                raise CorruptCheckpointError(str(error), file=prefix) from error
            return ArrayIndex([prefix], {name: StoredArray.of(arrays[name]) for name in arrays})

    SOURCE_FORMATS.add(Npz())
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Protocol

from tf1compat.checkpoint._array_index import ArrayIndex, StoredArray
from tf1compat.checkpoint.bundle.v2 import V2
from tf1compat.checkpoint.entry import Part
from tf1compat.checkpoint.stored_types import StoredType
from tf1compat.checkpoint.v1_format.v1 import V1
from tf1compat.errors import CheckpointError, CheckpointNotFoundError, UsageError
from tf1compat.registry import Registry

__all__ = [
    "SOURCE_FORMATS",
    "ArrayIndex",
    "OneFile",
    "SourceFormat",
    "SourceIndex",
    "StoredArray",
    "checkpoint_names",
    "exists",
    "format_of",
    "is_checkpoint_file",
    "is_directory",
    "prefix_of",
]


class SourceIndex(Protocol):
    """What an opened checkpoint says it holds, known without reading a value."""

    def names(self) -> tuple[str, ...]:
        """Returns the variables' names, sorted by their bytes."""

    def lookup(self, name: str) -> tuple[StoredType, tuple[int, ...], tuple[Part, ...]]:
        """Returns dtype, shape and stored pieces of a variable; KeyError where there is none."""

    def files(self) -> tuple[str, ...]:
        """Returns the files it is made of, the one that tells of the others first."""

    def check(self) -> list[CheckpointError]:
        """Returns what is wrong but for the values themselves, which their pieces check."""


class SourceFormat(Protocol):
    """One format of checkpoints. A prefix is the path by which a checkpoint of it goes.

    Attributes:
      name: what ``Checkpoint.format`` says.
      summary: what its files are, for help: a few words.
    """

    @property
    def name(self) -> str:
        """What ``Checkpoint.format`` says."""

    @property
    def summary(self) -> str:
        """What its files are, for help: a few words."""

    def prefix_of(self, path: str) -> str | None:
        """Returns the prefix that `path` is, or is a file of; None if its name doesn't tell."""

    def exists(self, prefix: str) -> bool:
        """Tells whether a checkpoint of this format goes by `prefix`; damaged ones count."""

    def prefixes(self, directory: str, names: list[str]) -> Iterable[str]:
        """Returns which of them a directory has, by its listing; without the directory."""

    def is_directory(self, path: str) -> bool:
        """Tells whether the directory `path` as a whole is one checkpoint."""

    def graph_path(self, prefix: str) -> str | None:
        """Returns the file that has the v1 graph of a checkpoint; None where there is none."""

    def open(self, prefix: str) -> SourceIndex:
        """Reads what a checkpoint says it holds.

        Raises:
          CorruptCheckpointError: that is damaged.
          UnsupportedCheckpointError: it can't be read here.
        """


class OneFile:
    """Base of a format whose checkpoints are single files of a suffix of their own."""

    name: str
    suffix: str
    summary: str

    def prefix_of(self, path: str) -> str | None:
        """Returns the path itself where it has the suffix."""
        return path if path.endswith(self.suffix) else None

    def exists(self, prefix: str) -> bool:
        """Tells whether such a file is there."""
        return prefix.endswith(self.suffix) and os.path.isfile(prefix)

    def prefixes(self, directory: str, names: list[str]) -> Iterable[str]:
        """Returns the files of the suffix."""
        return {name for name in names if name.endswith(self.suffix)}

    def is_directory(self, path: str) -> bool:
        """Returns False."""
        return False

    def graph_path(self, prefix: str) -> str | None:
        """Returns None: arrays have no graph."""
        return None


def _suffixes(one: SourceFormat) -> list[str]:
    return [one.suffix] if isinstance(one, OneFile) else []


def _check(one: SourceFormat) -> None:
    if isinstance(one, OneFile) and not one.suffix.startswith("."):
        raise UsageError(
            f"format of checkpoints {one.name!r}: expected a suffix that begins with a dot, found "
            f"{one.suffix!r}"
        )


_METHODS = ("prefix_of", "exists", "prefixes", "is_directory", "graph_path", "open")

SOURCE_FORMATS: Registry[SourceFormat] = Registry(
    "format of checkpoints",
    [V1(), V2()],
    has={"summary": str},
    methods=_METHODS,
    claims=_suffixes,
    check=_check,
)
"""The formats by name. A later one is asked first: any file at all may be a V1 checkpoint."""


def format_of(prefix: str) -> SourceFormat:
    """Returns the format of the checkpoint that goes by `prefix`.

    Raises:
      CheckpointNotFoundError: there is none.
    """
    for one in _latest_first():
        if one.exists(prefix):
            return one
    raise CheckpointNotFoundError(f"{prefix}: there is no such checkpoint")


def prefix_of(path: str) -> str:
    """Returns the prefix that one of a checkpoint's files belongs to; a prefix is its own.

    >>> prefix_of("model.ckpt-7.data-00000-of-00001"), prefix_of("v1-00001-of-00003")
    ('model.ckpt-7', 'v1')
    """
    for one in _latest_first():
        stem = one.prefix_of(path)
        if stem is not None:
            return stem if stem == path else prefix_of(stem)
    return path


def is_checkpoint_file(path: str) -> bool:
    """Tells whether a path's name says that it is a checkpoint, or a file of one."""
    return any(one.prefix_of(path) is not None for one in _latest_first())


def exists(prefix: str) -> bool:
    """Tells whether a checkpoint, of whatever format, goes by this prefix."""
    return any(one.exists(prefix) for one in _latest_first())


def is_directory(path: str) -> bool:
    """Tells whether a directory is a checkpoint itself, rather than one that holds some."""
    return os.path.isdir(path) and any(one.is_directory(path) for one in _latest_first())


def checkpoint_names(directory: str) -> tuple[str, ...]:
    """Returns the names of the checkpoints in a directory, sorted."""
    try:
        names = sorted(os.listdir(directory or "."))
    except OSError:
        return ()
    found = [set(one.prefixes(directory, names)) for one in SOURCE_FORMATS.values()]
    return tuple(sorted(set().union(*found)))


def _latest_first() -> Iterator[SourceFormat]:
    return iter(tuple(SOURCE_FORMATS.values())[::-1])
