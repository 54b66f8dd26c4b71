"""Large values to a file past the page cache, where the file system allows it.

A model's weights are written once and not read again by the process that writes them. Copied into
the page cache they cost as much time as their hashing, and again as much when they are synced.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from types import TracebackType

__all__ = ["ALIGNMENT", "FileSink"]

ALIGNMENT = 4096  # of offsets, sizes and memory in direct writes; enough for all usual disks
_BUFFER = 4 << 20
_REFUSED = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


class FileSink:
    """Writes bytes at given offsets of an existing file."""

    def __init__(self, path: str) -> None:
        self._handle = os.open(path, os.O_WRONLY)
        self._direct: int | None = None
        with contextlib.suppress(OSError, AttributeError):  # no such flag but on Linux
            self._direct = os.open(path, os.O_WRONLY | os.O_DIRECT)
        self._buffer = mmap.mmap(-1, _BUFFER)  # page-aligned, which direct writes ask for

    def __enter__(self) -> FileSink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._buffer.close()
        os.close(self._handle)
        if self._direct is not None:
            os.close(self._direct)

    def put(self, offset: int, data: memoryview) -> None:
        """Writes all of `data` at `offset`."""
        done = 0
        while (
            self._direct is not None and offset % ALIGNMENT == 0 and len(data) - done >= ALIGNMENT
        ):
            size = min(len(data) - done, _BUFFER) // ALIGNMENT * ALIGNMENT
            with memoryview(self._buffer) as buffer, buffer[:size] as block:
                block[:] = data[done : done + size]
                written = self._put_direct(offset + done, block)
            done += written
            if written % ALIGNMENT or not written:
                break
        self._put_cached(offset + done, data[done:])

    def put_aligned(self, offset: int, data: memoryview) -> None:
        """Writes all of `data`, whose memory and offset lie at multiples of :data:`ALIGNMENT`."""
        whole = len(data) // ALIGNMENT * ALIGNMENT
        done = self._put_direct(offset, data[:whole]) if whole else 0
        self._put_cached(offset + done, data[done:])

    def _put_cached(self, offset: int, data: memoryview) -> None:
        while data:
            written = os.pwrite(self._handle, data, offset)
            data, offset = data[written:], offset + written

    def _put_direct(self, offset: int, block: memoryview) -> int:
        """Writes some of whole blocks; returns how many bytes that was, none where it's refused."""
        if self._direct is None:
            return 0
        try:
            return os.pwrite(self._direct, block, offset)
        except OSError as error:
            if error.errno not in _REFUSED:
                raise
            os.close(self._direct)
            self._direct = None
            return 0
