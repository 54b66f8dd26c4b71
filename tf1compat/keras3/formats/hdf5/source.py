"""Where the datasets of an HDF5 file lie, so that values are read without HDF5.

HDF5 has no checksums over values and trusts what its headers say; here headers are only believed as
far as the file's size allows, and links out of the file not at all.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import math
import os
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from tf1compat.budget import Budget
from tf1compat.errors import (
    BudgetError,
    CorruptCheckpointError,
    OutputError,
    VerificationError,
)
from tf1compat.files.manifest import Manifest
from tf1compat.files.positioned import Positions
from tf1compat.files.regular import RegularFile, open_regular
from tf1compat.keras3.formats.hdf5._groups import walk
from tf1compat.keras3.formats.hdf5._storage import admit_values, misfit, misplaced
from tf1compat.keras3.formats.hdf5.inventory import Inventory, from_h5
from tf1compat.keras3.formats.hdf5.sound.check import require_sound
from tf1compat.names.first_line import first_line

__all__ = [
    "Extent",
    "Source",
    "explained",
    "h5_file",
    "open_source",
    "source_at",
    "source_in",
]

_READ_AHEAD = 1 << 16


@dataclasses.dataclass(frozen=True)
class Extent:
    """One dataset: what it is said to be and where its bytes are.

    Attributes:
      shape: its dimensions.
      dtype: its dtype by name; ``"bfloat16"`` where Keras noted that.
      offset: of its first byte in the file; None where it isn't one piece of the bytes that NumPy
        has, little-endian and in C order.
      nbytes: size of its value.
      wrong: why its value can't be read, as far as its header tells; "" if it can.
    """

    shape: tuple[int, ...]
    dtype: str
    offset: int | None
    nbytes: int
    wrong: str = ""


@dataclasses.dataclass(frozen=True)
class Source:
    """An open file: its datasets, its manifest, and the bytes they lie in.

    Attributes:
      path: of the file.
      start: offset in `handle` at which the HDF5 file starts.
      size: of the HDF5 file in bytes.
      extents: every dataset by its name.
      inventory: the manifest; None where the file has none.
      handle: the open file that offsets count in.
    """

    path: str
    start: int
    size: int
    extents: dict[str, Extent]
    inventory: Inventory | None
    handle: Positions

    @property
    def manifest(self) -> Manifest | None:
        """What was written; None where the file doesn't say."""
        return self.inventory[0] if self.inventory else None

    def budget(self) -> Budget:
        """Returns what one more pass through it may cost."""
        return Budget(self.path, self.handle.size)

    def values(self) -> dict[str, StoredDataset]:
        """Returns every dataset by its name."""
        return {name: StoredDataset(self, name, extent) for name, extent in self.extents.items()}


@dataclasses.dataclass(frozen=True)
class StoredDataset:
    """One dataset of an open file, as :class:`~tf1compat.keras3.formats.exported.StoredValue`."""

    source: Source
    name: str
    extent: Extent

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        return self.extent.shape

    @property
    def dtype(self) -> str:
        """Its dtype by name."""
        return self.extent.dtype

    @property
    def nbytes(self) -> int:
        """Size of its value in bytes."""
        return self.extent.nbytes

    @property
    def offset(self) -> int | None:
        """Where in the file its bytes begin; None where they aren't one piece."""
        return self.extent.offset

    def impossible(self) -> str:
        """Returns why the file can't hold it; "" if it can."""
        return self.extent.wrong

    def read_bytes(self) -> np.ndarray:
        """Returns its bytes as a loader has them, little-endian in C order: uint8 [nbytes].

        Raises:
          CorruptCheckpointError: the file doesn't hold them, or ends before they do.
        """
        if self.extent.wrong:
            raise self._corrupt(self.extent.wrong)
        try:
            return self._converted() if self.offset is None else self._plain(self.offset)
        except OSError as error:  # of the disk
            found = error.strerror or first_line(error)
            raise self._corrupt(f"can't be read ({found})", offset=self.offset) from error

    def _converted(self) -> np.ndarray:
        value = self._unpacked()
        plain = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        return plain.reshape(-1).view(np.uint8)

    def _plain(self, at: int) -> np.ndarray:
        found = np.empty(self.nbytes, np.uint8)
        view = found.data
        while view:
            count = self.source.handle.some(at, view)
            if not count:
                raise self._corrupt("the file ends within its value", offset=at)
            view, at = view[count:], at + count
        return found

    def _unpacked(self) -> np.ndarray:
        """Returns its value as HDF5 puts it together."""
        try:
            with h5_file(self.source.handle, self.source.start) as file:
                dataset = file[self.name]
                if wrong := misfit(dataset.id):
                    raise self._corrupt(wrong)
                return np.asarray(dataset[()])
        except (CorruptCheckpointError, MemoryError):
            raise
        except Exception as error:  # HDF5 says OSError of nearly any damage, zlib its own
            if getattr(error, "errno", None):  # of the disk
                raise
            raise self._corrupt(f"HDF5 can't read it: {first_line(error)}") from error

    def _corrupt(self, what: str, *, offset: int | None = None) -> CorruptCheckpointError:
        return CorruptCheckpointError(
            what, file=self.source.path, variable=self.name, offset=offset
        )


@contextlib.contextmanager
def explained(path: str) -> Iterator[None]:
    """Turns whatever a damaged or foreign file makes a library raise into one error."""
    try:
        yield
    except (OutputError, VerificationError, BudgetError):
        raise
    except Exception as error:  # damage makes h5py, zipfile and zlib raise nearly anything
        if isinstance(error.__cause__, FileNotFoundError):
            raise OutputError(f"{path}: no such file") from error
        reason = first_line(error).strip("'\"").removeprefix(f"{path}: ")
        raise OutputError(f"{path}: can't be read as a Keras weights file: {reason}") from error


def open_source(path: str) -> Source:
    """Opens an HDF5 file.

    Raises:
      OutputError: there is no such file, or it can't be read at all: it is no HDF5 file, or its
        structures aren't sound.
      VerificationError: its manifest is damaged.
      BudgetError: its datasets claim far more than its size warrants.
    """
    with explained(path), open_regular(path) as file:
        return source_in(file)


def source_in(file: RegularFile) -> Source:
    """Opens an HDF5 file that is open already; errors as for :func:`open_source`."""
    with explained(file.path):
        source = source_at(file.path, file.duplicate(), 0, inventory=None)
        with h5_file(source.handle, 0) as opened:
            inventory = from_h5(opened, source.values(), path=file.path)
        return dataclasses.replace(source, inventory=inventory)


def source_at(
    path: str,
    handle: Positions,
    start: int,
    *,
    inventory: Inventory | None,
    size: int | None = None,
) -> Source:
    """Returns the source of an HDF5 file that is part of another, from byte `start` of it.

    It is `size` bytes of it, by default all that follow.
    """
    length = handle.size - start if size is None else size
    budget = Budget(path, handle.size)
    require_sound(handle, start=start, size=length, budget=budget)
    with h5_file(handle, start) as file:
        return Source(path, start, length, _extents(file, start, budget), inventory, handle)


class _Window(io.RawIOBase):
    """A file as seen from one of its bytes on."""

    def __init__(self, handle: Positions, start: int) -> None:
        self._handle, self._start, self._at = handle, start, 0

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        size = self._handle.size
        count = 0
        if 0 <= self._at < size:  # damaged headers point anywhere
            count = self._handle.some(self._start + self._at, view)
        view[count:] = bytes(len(view) - count)  # HDF5 takes what lies past the end for zeros
        self._at += len(view)
        return len(view)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = self._handle.size - self._start
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


@contextlib.contextmanager
def h5_file(handle: Positions, start: int) -> Iterator[h5py.File]:
    """Yields the HDF5 file that starts at `start`, read-only."""
    window = io.BufferedReader(_Window(handle, start), _READ_AHEAD)
    with h5py.File(window, "r") as file:
        yield file


def _extents(file: h5py.File, start: int, budget: Budget) -> dict[str, Extent]:
    """Returns every dataset that links within the file lead to; one with two names twice."""
    return {
        (prefix + name).decode(): _extent(dataset, start, budget)
        for prefix, _, datasets in walk(file, budget=budget)
        for name, dataset in datasets
    }


def _extent(dataset: h5py.h5d.DatasetID, start: int, budget: Budget) -> Extent:
    properties = dataset.get_create_plist()
    if wrong := misplaced(properties):
        return Extent((), dataset.dtype.name, None, 0, wrong)
    kind, shape = dataset.dtype, tuple(dataset.shape)
    # HDF5 has no type for bfloat16; Keras stores two opaque bytes and notes what they are, as it
    # does for nothing else. That there is a note is enough.
    noted = kind.kind == "V" and kind.itemsize == 2 and h5py.h5a.exists(dataset, b"dtype")
    dtype = "bfloat16" if noted else kind.name
    nbytes = math.prod(shape) * kind.itemsize
    whole = properties.get_layout() == h5py.h5d.CONTIGUOUS
    offset = dataset.get_offset() if whole and _is_plain(dataset.get_type(), kind) else None
    wrong = admit_values(dataset, properties, kind=kind, nbytes=nbytes, budget=budget)
    return Extent(shape, dtype, None if offset is None else offset + start, nbytes, wrong)


def _is_plain(stored: h5py.h5t.TypeID, kind: np.dtype) -> bool:
    """Tells whether elements lie in the file as NumPy has them; else HDF5 has to convert them.

    What it is in NumPy doesn't tell: that is the same for the other byte order, or where bits of
    the type are damaged that say which bits of an element are its exponent.
    """
    if kind.kind == "V":
        return isinstance(stored, h5py.h5t.TypeOpaqueID)
    if kind.kind not in "biufc":
        return False
    return bool(stored.equal(h5py.h5t.py_create(kind.newbyteorder("<"), logical=True)))
