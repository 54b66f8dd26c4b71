"""What checkpoints can be read from: each format is one object, and all of them are here.

To add one, give :data:`SOURCE_FORMATS` an object with the methods of :class:`SourceFormat`. For a
format that is one file of arrays, :class:`OneFile` and :class:`ArrayIndex` have all of it but the
reading::

    class Texts(OneFile):
        name, suffix, summary = "texts", ".arrays.json", "lists of numbers by name, as JSON"

        def open(self, prefix):
            try:
                held = parse_json(read_text(prefix), file=prefix)
                arrays = {name: numpy.array(one, "f4") for name, one in held.items()}
            except ValueError as error:
                raise CorruptCheckpointError(str(error), file=prefix) from error
            return ArrayIndex([prefix], {name: StoredArray.of(arrays[name]) for name in arrays})

    SOURCE_FORMATS.add(Texts())
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from tf1compat.checkpoint._array_index import ArrayIndex, StoredArray
from tf1compat.checkpoint._asked_index import AskedIndex, is_index
from tf1compat.checkpoint._frozen_format import FrozenGraph
from tf1compat.checkpoint._npz_format import Npz
from tf1compat.checkpoint._one_file import OneFile
from tf1compat.checkpoint.bundle.v2 import V2
from tf1compat.checkpoint.entry import Part
from tf1compat.checkpoint.safetensors_format.safetensors import Safetensors
from tf1compat.checkpoint.stored_types import StoredType
from tf1compat.checkpoint.v1_format.v1 import V1
from tf1compat.errors import CheckpointError, CheckpointNotFoundError, UsageError
from tf1compat.files.standing import is_folder, names_in
from tf1compat.registry import Registry, are_texts, asked, briefly, is_a

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
    "graph_path_of",
    "is_directory",
    "open_index",
    "prefix_of",
    "suffix_length",
]

_STEPS = 100  # from a file to its prefix, at most


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


def _suffixes(one: SourceFormat) -> list[str]:
    return [*getattr(one, "suffixes", ())]


def _check(one: SourceFormat) -> None:
    if not isinstance(one, OneFile):
        return
    for suffix in (getattr(one, "suffix", None), *one.also):
        if not (isinstance(suffix, str) and suffix.startswith(".")):
            raise UsageError(
                f"{_called(one)}: expected a suffix that begins with a dot, found {suffix!r}"
            )


def _called(one: SourceFormat) -> str:
    return f"format of checkpoints {one.name!r}"


def _ask(
    one: SourceFormat, method: str, *given: Any, fits: Callable[[Any], bool], words: str
) -> Any:
    """Returns what a format answers, checked: it may come from outside the package."""
    call = getattr(one, method)
    return asked(_called(one), method, call=lambda: call(*given), fits=fits, words=words)


def _prefix_by(one: SourceFormat, path: str) -> str | None:
    found: str | None = _ask(
        one, "prefix_of", path, fits=is_a(str, type(None)), words="a prefix or None"
    )
    return found


def _exists_by(one: SourceFormat, prefix: str) -> bool:
    return bool(_ask(one, "exists", prefix, fits=is_a(bool), words="True or False"))


_METHODS = ("prefix_of", "exists", "prefixes", "is_directory", "graph_path", "open")

SOURCE_FORMATS: Registry[SourceFormat] = Registry(
    "format of checkpoints",
    [V1(), V2(), Safetensors(), Npz(), FrozenGraph()],
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
        if _exists_by(one, prefix):
            return one
    raise CheckpointNotFoundError(f"{prefix}: there is no such checkpoint")


def prefix_of(path: str) -> str:
    """Returns the prefix that one of a checkpoint's files belongs to; a prefix is its own.

    >>> prefix_of("model.ckpt-7.data-00000-of-00001"), prefix_of("v1-00001-of-00003")
    ('model.ckpt-7', 'v1')
    """
    stem, told = path, ""
    for _ in range(_STEPS):
        found = ((_called(one), _prefix_by(one, stem)) for one in _latest_first())
        told, further = next((pair for pair in found if pair[1] is not None), ("", stem))
        if further is None or further == stem:
            return stem
        stem = further
    raise UsageError(
        f"{told}: expected a prefix of {path!r} that is its own prefix, found one after the other, "
        f"the last {briefly(stem)}"
    )


def suffix_length(path: str) -> int:
    """Returns how much of a path's end says that it is a checkpoint, or a file of one.

    0 where nothing does. Of a format of single files it is the suffix, of another the whole name.
    """
    telling = [one for one in _latest_first() if _prefix_by(one, path) is not None]
    ends = ((len(s) for s in _suffixes(one) if path.endswith(s)) for one in telling)
    return max((max(known, default=len(path)) for known in ends), default=0)


def exists(prefix: str) -> bool:
    """Tells whether a checkpoint, of whatever format, goes by this prefix."""
    return any(_exists_by(one, prefix) for one in _latest_first())


def is_directory(path: str) -> bool:
    """Tells whether a directory is a checkpoint itself, rather than one that holds some."""
    return is_folder(path) and any(
        _ask(one, "is_directory", path, fits=is_a(bool), words="True or False")
        for one in _latest_first()
    )


def graph_path_of(one: SourceFormat, prefix: str) -> str | None:
    """Returns the file that has the v1 graph of a checkpoint; None where there is none."""
    fits = is_a(str, type(None))
    path: str | None = _ask(one, "graph_path", prefix, fits=fits, words="a path or None")
    return path


def open_index(one: SourceFormat, prefix: str) -> AskedIndex:
    """Returns what a checkpoint says it holds; its answers are checked."""
    words = "an index (with names, lookup, files and check)"
    return AskedIndex(_called(one), _ask(one, "open", prefix, fits=is_index, words=words))


def checkpoint_names(directory: str) -> tuple[str, ...]:
    """Returns the names of the checkpoints in a directory, sorted."""
    try:
        names = names_in(directory)
    except OSError:
        return ()
    words = "the names of checkpoints"
    found: set[str] = set()
    for one in SOURCE_FORMATS.values():
        found |= set(_ask(one, "prefixes", directory, names, fits=are_texts, words=words))
    return tuple(sorted(found))


def _latest_first() -> Iterator[SourceFormat]:
    return iter(tuple(SOURCE_FORMATS.values())[::-1])
