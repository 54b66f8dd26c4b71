"""What checkpoints can be written as without a model: each format is one object, all are here."""

from __future__ import annotations

import functools
import os
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from tf1compat.checkpoint.bundle.v2 import V2
from tf1compat.checkpoint.bundle.writer import write_checkpoint
from tf1compat.checkpoint.checkpoint import Checkpoint
from tf1compat.checkpoint.entry import Entry
from tf1compat.checkpoint.object_based.keys import OBJECT_GRAPH
from tf1compat.checkpoint.safetensors_format.safetensors import Safetensors
from tf1compat.checkpoint.safetensors_format.writer import TensorSpec, write_safetensors
from tf1compat.checkpoint.source_formats import SOURCE_FORMATS, suffix_length
from tf1compat.checkpoint.surgery.planned_tensors import Item, Planned, value_of
from tf1compat.errors import CheckpointExistsError, MisfitError, OutputError, Problem, UsageError
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.files.manifest import Manifest, TensorDigest, tensor_digest
from tf1compat.files.npz import SUFFIX
from tf1compat.files.raw import raw_windows
from tf1compat.files.staging import clear_stale, destination, staged_file
from tf1compat.files.standing import what_stands
from tf1compat.files.telling import tell
from tf1compat.files.work_aside import WorkAside
from tf1compat.registry import Registry

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CHECKPOINT_WRITERS", "CheckpointWriter", "checkpoint_writer", "write_planned"]


class CheckpointWriter(Protocol):
    """One format of checkpoints to write.

    Attributes:
      name: that of the format that reads it, in
        :data:`~tf1compat.checkpoint.source_formats.SOURCE_FORMATS`.
      suffix: what the path of such an output ends in; "" of the one for all others.
      summary: what it is, for help: a few words.
    """

    name: str
    suffix: str
    summary: str

    def write(self, path: str, tensors: Sequence[Planned]) -> Manifest:
        """Writes tensors to where nothing stands, one after the other; all of it or nothing.

        Raises:
          MisfitError: the format can't hold such tensors; naming each.
          OutputError: it can't be written, or reads back otherwise.
        """


class WritesV2:
    """A V2 checkpoint: what is as it was keeps its dtype and slices."""

    name = V2.name
    suffix = ""
    summary = "a V2 checkpoint of this prefix, which a v1 Saver restores"

    def write(self, path: str, tensors: Sequence[Planned]) -> Manifest:
        """Writes the files of a prefix."""
        is_object_based = any(one.name == OBJECT_GRAPH for one in tensors)
        return write_checkpoint(
            path,
            ((one.name, one.item if is_object_based else _by_name(one)) for one in tensors),
        )


def _by_name(one: Planned) -> Item:
    """Returns what gives a value, without the key that an object graph had for it."""
    if isinstance(one.item, Entry) and one.item.stored_key != one.item.key:
        return functools.partial(value_of, one)
    return one.item


class WritesSafetensors:
    """A safetensors file; slices are joined."""

    name = Safetensors.name
    suffix = ".safetensors"
    summary = "a safetensors file"

    def write(self, path: str, tensors: Sequence[Planned]) -> Manifest:
        """Writes a file."""
        by_name = {one.name: one for one in tensors}
        specs = {one.name: TensorSpec(one.shape, one.dtype) for one in tensors}
        with staged_file(path) as staged:
            found = write_safetensors(staged, specs, lambda name: _told(value_of(by_name[name])))
            _require_as_written(staged, found.tensors)
        return found


class WritesNpz:
    """An ``.npz`` file of numpy's, not compressed; slices are joined."""

    name = "npz"
    suffix = ".npz"
    summary = "an .npz file of numpy's"

    def write(self, path: str, tensors: Sequence[Planned]) -> Manifest:
        """Writes a file."""
        _require_numpys_own(tensors)
        with staged_file(path) as staged:
            with zipfile.ZipFile(staged, "x") as archive:
                digests = tuple(_member(archive, one) for one in tensors)
            _require_as_written(staged, digests)
        return Manifest(digests)


def _require_numpys_own(tensors: Iterable[Planned]) -> None:
    problems = [
        Problem(one.name, "a dtype of numpy's own", one.dtype, remedy=_REMEDY)
        for one in tensors
        if not _is_numpys_own(one.dtype)
    ]
    if problems:
        raise MisfitError.from_problems("an .npz file can't hold all of this:", problems)


_REMEDY = "cast it first, or leave it out by its name (convert --variables)"


def _is_numpys_own(dtype: str) -> bool:
    try:
        known = numpy_dtype(dtype)
    except UsageError:
        return False
    return known.isbuiltin == 1 and known.kind in "biufc"


def _member(archive: zipfile.ZipFile, one: Planned) -> TensorDigest:
    """Writes an array as :func:`numpy.lib.format.write_array` does, window by window."""
    from numpy.lib import format as npy

    value = value_of(one)
    header = {"descr": npy.dtype_to_descr(value.dtype), "fortran_order": False}
    with archive.open(one.name + SUFFIX, "w", force_zip64=True) as member:
        npy.write_array_header_1_0(member, {**header, "shape": value.shape})
        for window in raw_windows(value):
            member.write(window.data)
            tell(window.size)
    return TensorDigest(one.name, value.shape, value.dtype.name, tensor_digest(value))


def _require_as_written(staged: str, tensors: Sequence[TensorDigest]) -> None:
    """Reads a staged file as any other; raises OutputError where it doesn't hold what is meant."""
    found = Checkpoint(staged)
    with WorkAside() as aside:
        held = {name: _digest_aside(entry, aside) for name, entry in found.items()}
    wrong = [one.name for one in tensors if one.name not in held or held[one.name]() != one.sha256]
    if wrong or len(found) != len(tensors):
        raise OutputError(
            f"{destination(staged)}: what was written reads back otherwise, so nothing was left "
            f"there; look after the disk ({', '.join(wrong[:3]) or 'other names'})"
        )


def _told(value: np.ndarray) -> np.ndarray:
    tell(value.nbytes)
    return value


def _digest_aside(entry: Entry, aside: WorkAside) -> Callable[[], str]:
    """Reads a value; returns what gives its digest once it's known."""
    aside.make_room()
    value = _told(entry.read())
    return aside.take(value.nbytes, functools.partial(tensor_digest, value)).result


CHECKPOINT_WRITERS: Registry[CheckpointWriter] = Registry(
    "format of checkpoints to write",
    [WritesV2(), WritesSafetensors(), WritesNpz()],
    has={"summary": str, "suffix": str},
    methods=("write",),
    claims=lambda one: [one.suffix] if one.suffix else [],
)
"""What may be written, by name."""

_OTHERS = (".h5", ".hdf5", ".keras", ".pb", ".pbtxt", ".index", ".meta", ".json", ".zip", ".pt")


def checkpoint_writer(path: str) -> CheckpointWriter:
    """Returns what writes an output of this path, as its suffix tells.

    Raises:
      UsageError: files of that suffix are of a format that isn't written here.
    """
    fitting = [one for one in CHECKPOINT_WRITERS.values() if path.endswith(one.suffix)]
    found = max(fitting, key=lambda one: len(one.suffix))
    if not found.suffix and (path.lower().endswith(_OTHERS) or _is_read_alone(path)):
        known = ", ".join(one.suffix for one in CHECKPOINT_WRITERS.values() if one.suffix)
        raise UsageError(
            f"output {path!r}: expected a prefix, or a file of {known}; other formats need a "
            "model: migrate writes them"
        )
    return found


def _is_read_alone(path: str) -> bool:
    """Tells whether the suffix is that of files that are read, and not written."""
    suffixes = [getattr(one, "suffix", "") for one in SOURCE_FORMATS.values()]
    return bool(suffix_length(path)) and any(s and path.endswith(s) for s in suffixes)


def write_planned(path: str | os.PathLike[str], tensors: Sequence[Planned]) -> Manifest:
    """Writes tensors to an output, in the format that its suffix tells; what is there stays.

    Each value is read when its turn comes, and what was written is read back before it appears.

    Raises:
      CheckpointExistsError: something is there.
      UsageError: the suffix is of no format that is written here, or there is nothing to write.
      MisfitError: the format can't hold such tensors.
      CheckpointError: a value can't be read.
      OutputError: it can't be written, or reads back otherwise; nothing is left then.
    """
    name = os.fspath(path)
    one = checkpoint_writer(name)
    if not tensors:
        raise UsageError(f"{name}: expected something to write, found no variable")
    if one.suffix:
        clear_stale(name)  # of a run that was killed when all but this was done
        if os.path.lexists(name):
            raise CheckpointExistsError(
                f"{name}: {what_stands(name)} is there; choose another path, or remove it first"
            )
    return one.write(name, tensors)
