"""What every file that is read has in common, wherever it lies."""

from __future__ import annotations

import abc
import contextlib
import os
from collections.abc import Hashable
from typing import IO, Protocol

from tf1compat.errors import CheckpointError, CorruptCheckpointError

__all__ = ["Descriptor", "Positions", "RegularFile", "bytes_at", "read_at"]

_HINTS = {
    b"version https://git-lfs": "this is a git-LFS pointer, fetch the file with `git lfs pull`",
    b"<!doctype": "this is an HTML page, the download went wrong",
    b"<html": "this is an HTML page, the download went wrong",
    b"\x89hdf": "this is an HDF5 file (Keras weights), not a TensorFlow checkpoint",
    b"pk\x03\x04": "this is a zip file, perhaps of Keras or numpy; unpack it first",
    b"\x1f\x8b": "this is a gzip file; unpack it first",
}


class Positions(Protocol):
    """Bytes that are read by their positions, for as long as somebody keeps this."""

    @property
    def size(self) -> int:
        """How many there are."""

    def some(self, offset: int, out: memoryview) -> int:
        """Fills the beginning of `out` from `offset`; returns how many bytes, 0 at the end.

        Raises:
          OSError: of the disk, or CheckpointError: they can't be read.
        """


class Descriptor:
    """The bytes of an open file of this machine, as :class:`Positions`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    @property
    def size(self) -> int:
        """How many there are now."""
        return os.fstat(self._file.fileno()).st_size

    def some(self, offset: int, out: memoryview) -> int:
        """Reads through pread, so that whoever else has the file open isn't moved."""
        return read_at(self._file.fileno(), out, offset)


def read_at(handle: int, out: memoryview, offset: int) -> int:
    """Fills the beginning of `out` from `offset` of an open file; returns how many bytes.

    Its position stays. Where Python has no ``preadv`` (many builds for macOS), by way of a copy.
    """
    if hasattr(os, "preadv"):
        return os.preadv(handle, [out], offset)
    data = os.pread(handle, len(out), offset)
    out[: len(data)] = data
    return len(data)


def bytes_at(file: Positions, offset: int, length: int) -> bytes:
    """Returns `length` bytes from `offset`, or fewer where the file ends before."""
    data = bytearray(length)
    done = 0
    while done < length and (count := file.some(offset + done, memoryview(data)[done:])):
        done += count
    return bytes(data[:done])


class RegularFile(abc.ABC):
    """A file open for positioned reading.

    Attributes:
      path: what it was opened by.
      size: what its size was then, in bytes.
      identity: another one for another file of that path, and for one that was written to.
      variable: whom errors name.
    """

    def __init__(
        self, path: str, *, size: int, identity: tuple[Hashable, ...], variable: str | None
    ) -> None:
        self.path = path
        self.size = size
        self.identity = identity
        self.variable = variable

    def read(self, offset: int, length: int) -> bytearray:
        """Returns `length` bytes from `offset`.

        Raises:
          CorruptCheckpointError: the file ends before, or can't be read there.
        """
        if offset + length > self.size:
            raise self.short(offset, length)
        data = bytearray(length)
        with memoryview(data) as view:  # a failure before a success may keep frames that hold it
            self.read_into(offset, view)
        return data

    def read_into(self, offset: int, out: memoryview) -> None:
        """Fills `out` (bytes) from `offset`; errors as for :meth:`read`."""
        done = 0
        while done < len(out):
            with out[done:] as rest:
                count = self.some(offset + done, rest)
            if not count:
                raise self.short(offset, len(out))
            done += count

    @abc.abstractmethod
    def some(self, offset: int, out: memoryview) -> int:
        """Fills the beginning of `out` from `offset`; returns how many bytes, 0 at the end.

        Raises:
          CheckpointError: it can't be read there.
        """

    @abc.abstractmethod
    def expect(self, offset: int, length: int) -> None:
        """Is told what will be read next, from front to back, by whoever knows it.

        What lies far away is asked for in fewer pieces then.
        """

    def peek(self, length: int) -> bytes:
        """Returns at most `length` bytes from the start; none where the file can't be read."""
        data = bytearray(min(length, self.size))
        count = 0
        with contextlib.suppress(CheckpointError):
            count = self.some(0, memoryview(data)) if data else 0
        return bytes(data[:count])

    @abc.abstractmethod
    def duplicate(self) -> Positions:
        """Returns the file once more, for as long as whoever asks keeps it."""

    @abc.abstractmethod
    def leading_path(self) -> contextlib.AbstractContextManager[str]:
        """Returns a context with a path of the same last name to this very file, for others."""

    def corrupt(self, message: str, offset: int | None) -> CorruptCheckpointError:
        """Returns the error that says what is wrong with this file, and where."""
        return CorruptCheckpointError(
            message + self._hint(), file=self.path, variable=self.variable, offset=offset
        )

    def short(self, offset: int, length: int) -> CorruptCheckpointError:
        """Returns the error that says the file is cut short."""
        held = f"the file has {self.size} bytes"
        return self.corrupt(f"{length} bytes expected here, but {held}: it is cut short", offset)

    def _hint(self) -> str:
        """Returns what a damaged file looks like, where that tells the remedy."""
        head = self.peek(64).lower()
        for start, hint in _HINTS.items():
            if head.startswith(start):
                return f"; {hint}"
        return ""
