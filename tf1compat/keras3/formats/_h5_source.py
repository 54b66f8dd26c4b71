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
import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import h5py
import numpy as np

from tf1compat.errors import CorruptCheckpointError, OutputError, VerificationError
from tf1compat.keras3.formats._h5_manifest import Inventory, from_h5, from_metadata
from tf1compat.keras3.formats._keras_zip import METADATA_MEMBER, WEIGHTS_MEMBER

__all__ = ["Extent", "Source", "open_source"]

_Handle = IO[bytes] | io.FileIO

_READ_AHEAD = 1 << 16
_LOCAL_HEADER = 30  # bytes of a zip member's header before its name


@dataclasses.dataclass(frozen=True)
class Extent:
    """One dataset: what it is said to be and where its bytes are.

    Attributes:
      shape: its dimensions.
      dtype: its dtype by name; ``"bfloat16"`` where Keras noted that.
      offset: of its first byte in the file; None where it isn't one piece of raw bytes.
      nbytes: size of its value.
    """

    shape: tuple[int, ...]
    dtype: str
    offset: int | None
    nbytes: int


@dataclasses.dataclass(frozen=True)
class Source:
    """An open file: its datasets, its manifest, and the bytes they lie in.

    Attributes:
      path: of the file.
      start: offset in `handle` at which the HDF5 file starts.
      extents: every dataset by its name.
      inventory: the manifest; None where the file has none.
      handle: the open file that offsets count in.
    """

    path: str
    start: int
    extents: dict[str, Extent]
    inventory: Inventory | None
    handle: _Handle

    def read_bytes(self, extent: Extent, name: str) -> np.ndarray:
        """Returns the raw bytes of a dataset, uint8 of shape [nbytes].

        Raises:
          CorruptCheckpointError: the file ends before they do.
        """
        if extent.offset is None:
            with h5_file(self.handle, self.start) as file:
                value = np.ascontiguousarray(file[name][()])
            return value.reshape(-1).view(np.uint8)
        found = np.empty(extent.nbytes, np.uint8)
        view, at = found.data, extent.offset
        while view:
            count = os.preadv(self.handle.fileno(), [view], at)
            if not count:
                raise CorruptCheckpointError(
                    "the file ends within its value", file=self.path, variable=name, offset=at
                )
            view, at = view[count:], at + count
        return found


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turns whatever a damaged or foreign file makes a library raise into one error."""
    try:
        yield
    except FileNotFoundError as error:
        raise OutputError(f"{path}: no such file") from error
    except (OutputError, VerificationError):
        raise
    except Exception as error:  # damage makes h5py, zipfile and zlib raise nearly anything
        reason = (str(error).strip("'\" \n").splitlines() or [type(error).__name__])[0]
        raise OutputError(f"{path}: can't be read as a Keras weights file: {reason}") from error


def open_source(path: str) -> Source:
    """Opens a ``.weights.h5`` or ``.keras`` file (or another HDF5 file).

    Raises:
      OutputError: there is no such file, or it can't be read at all.
      VerificationError: its manifest is damaged.
    """
    with _explained(path):
        handle, start, metadata = _unpacked(path)
        with h5_file(handle, start) as file:
            inventory = from_metadata(metadata) if metadata is not None else from_h5(file)
            return Source(path, start, _extents(file, start), inventory, handle)


def _unpacked(path: str) -> tuple[_Handle, int, bytes | None]:
    """Returns an open file, where HDF5 starts in it, and for ``.keras`` files the metadata."""
    if not path.endswith(".keras"):
        return io.FileIO(path), 0, None
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(WEIGHTS_MEMBER)
        named = METADATA_MEMBER in archive.namelist()
        metadata = archive.read(METADATA_MEMBER) if named else b"{}"
        if member.compress_type != zipfile.ZIP_STORED:
            return _extracted(archive, member), 0, metadata
    handle = io.FileIO(path)
    handle.seek(member.header_offset)
    header = handle.read(_LOCAL_HEADER)
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    return handle, member.header_offset + _LOCAL_HEADER + lengths, metadata


def _extracted(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _Handle:
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the source keeps it open
    with archive.open(member) as packed:
        while data := packed.read(1 << 20):
            copy.write(data)
    copy.flush()
    return copy


class _Window(io.RawIOBase):
    """A file as seen from one of its bytes on."""

    def __init__(self, handle: _Handle, start: int) -> None:
        self._handle, self._start, self._at = handle, start, 0

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        size = os.fstat(self._handle.fileno()).st_size
        count = 0
        if 0 <= self._at < size:  # damaged headers point anywhere
            count = os.preadv(self._handle.fileno(), [view], self._start + self._at)
        view[count:] = bytes(len(view) - count)  # HDF5 takes what lies past the end for zeros
        self._at += len(view)
        return len(view)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = os.fstat(self._handle.fileno()).st_size - self._start
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
def h5_file(handle: _Handle, start: int) -> Iterator[h5py.File]:
    """Yields the HDF5 file that starts at `start`, read-only."""
    window = io.BufferedReader(_Window(handle, start), _READ_AHEAD)
    with h5py.File(window, "r") as file:
        yield file


def _extents(file: h5py.File, start: int) -> dict[str, Extent]:
    """Returns every dataset that links within the file lead to; one with two names twice.

    By HDF5's own calls: h5py's objects take four times as long, which tells in large models.
    """
    found: dict[str, Extent] = {}
    waiting = [(b"", h5py.h5g.open(file.id, b"/"))]
    seen: set[int] = set()
    while waiting:
        prefix, group = waiting.pop()
        address = h5py.h5o.get_info(group).addr
        if address in seen:  # a hard link can lead back
            continue
        seen.add(address)
        for name in group:
            if group.links.get_info(name).type != h5py.h5l.TYPE_HARD:
                continue
            item = h5py.h5o.open(group, name)
            if isinstance(item, h5py.h5g.GroupID):
                waiting.append((prefix + name + b"/", item))
            elif isinstance(item, h5py.h5d.DatasetID):
                found[(prefix + name).decode()] = _extent(item, start)
    return found


def _extent(dataset: h5py.h5d.DatasetID, start: int) -> Extent:
    kind, shape = dataset.dtype, tuple(dataset.shape)
    dtype = kind.name
    if h5py.h5a.exists(dataset, b"dtype"):  # Keras' note on what HDF5 has no type for
        noted = h5py.Dataset(dataset).attrs["dtype"]
        dtype = "bfloat16" if noted == "bfloat16" else dtype
    nbytes = math.prod(shape) * kind.itemsize
    properties = dataset.get_create_plist()
    whole = properties.get_layout() == h5py.h5d.CONTIGUOUS and not properties.get_external_count()
    offset = dataset.get_offset() if whole else None
    return Extent(shape, dtype, None if offset is None else offset + start, nbytes)
