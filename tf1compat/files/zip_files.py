"""Zip files that others made, opened within a budget of what their members unpack to."""

from __future__ import annotations

import collections
import contextlib
import io
import os
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from tf1compat.budget import Budget, Meter
from tf1compat.files.regular import RegularFile, open_regular

__all__ = ["archive_in", "member_bytes", "open_archive"]

_MEMBERS = Meter("bytes of unpacked members", each=8, least=48 << 20)
_DIRECTORY = Meter("bytes of a zip file's directory", each=0, least=2 << 20)
_STEP = 1 << 20  # bytes
_END = struct.Struct("<4s4H2LH")  # how many members, fifth; the comment follows
_MOST = 0xFFFF  # of ZIP64, which counts elsewhere
# The others unpack a piece of input whole, however much that is, and nobody writes them here.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class _Positioned(io.RawIOBase):
    """A regular file as zipfile reads it; a read of more than is admitted is an error."""

    def __init__(self, file: RegularFile, budget: Budget) -> None:
        self._file, self._at = file, 0
        self.budget: Budget | None = budget

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._file.size - self._at))
        self._file.read_into(self._at, view[:count])
        self._at += count
        return count

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._file.size - self._at)
        count = left if size is None or size < 0 else min(size, left)
        if self.budget is not None:
            self.budget.admit(_DIRECTORY, count)
        data = bytearray(count)
        self.readinto(data)
        return bytes(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        at = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._file.size}[whence] + offset
        if at < 0:  # of damaged directories
            raise OSError(f"expected a place within the file, found byte {at}")
        self._at = at
        return at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


@contextlib.contextmanager
def open_archive(path: str) -> Iterator[zipfile.ZipFile]:
    """Opens a zip file whose members may all be unpacked: together they are within the budget.

    A member never gives more than the directory says, so that is what is looked at; one that says
    less than it holds has a wrong CRC-32.

    Raises:
      BudgetError: the directory, or the members together, are too large for the file.
      CheckpointError: there is no such file, it isn't a regular one, or may not be read.
      zipfile.BadZipFile: it is no zip file, or one in a way that isn't read: encrypted, or
        compressed in another way than by deflating.
    """
    with open_regular(path) as file, archive_in(file) as archive:
        yield archive


@contextlib.contextmanager
def archive_in(file: RegularFile) -> Iterator[zipfile.ZipFile]:
    """Opens a zip file that is open already; budget and errors as for :func:`open_archive`."""
    budget = Budget(file.path, file.size)
    window = _Positioned(file, budget)
    with zipfile.ZipFile(window) as archive:
        window.budget = None
        _require_all(file, archive)
        for item in archive.infolist():
            if item.compress_type not in _METHODS or item.flag_bits & 1:
                raise zipfile.BadZipFile(
                    f"expected members that are stored or deflated, found {item.filename!r} "
                    f"in another way ({item.compress_type}, flags {item.flag_bits:#x})"
                )
            budget.spend(_MEMBERS, item.file_size)
        yield archive


def _require_all(file: RegularFile, archive: zipfile.ZipFile) -> None:
    """Raises BadZipFile where the directory gives other members than its end counts.

    A damaged length makes one record take the next ones for its comment, and zipfile doesn't count.
    """
    end = file.read(file.size - _END.size - len(archive.comment), _END.size)
    count, found = _END.unpack(end)[4], len(archive.infolist())
    if count != min(found, _MOST):
        raise zipfile.BadZipFile(f"expected {count} members, as its end says, found {found}")
    names = collections.Counter(item.filename for item in archive.infolist())
    for name, times in names.most_common(1):
        if times > 1:  # which of them is read is up to the reader
            raise zipfile.BadZipFile(f"the member {name!r} {times} times")


def member_bytes(archive: zipfile.ZipFile, name: str) -> bytes:
    """Returns what a member holds, unpacked in steps: all at once zlib makes what the data say.

    Raises:
      KeyError: there is no such member.
      Exception: whatever a damaged member makes zipfile and zlib raise.
    """
    with archive.open(name) as member:
        return b"".join(iter(lambda: member.read(_STEP), b""))
