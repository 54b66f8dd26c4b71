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
        if self._direct is not None and offset % ALIGNMENT == 0:
            done = self._put_direct(self._direct, offset, data)
            data, offset = data[done:], offset + done
        while data:
            written = os.pwrite(self._handle, data, offset)
            data, offset = data[written:], offset + written

    def _put_direct(self, handle: int, offset: int, data: memoryview) -> int:
        """Writes the whole blocks of `data`; returns how many bytes that was."""
        done = 0
        while len(data) - done >= ALIGNMENT:
            size = min(len(data) - done, _BUFFER) // ALIGNMENT * ALIGNMENT
            with memoryview(self._buffer) as buffer, buffer[:size] as block:
                block[:] = data[done : done + size]
                try:
                    written = os.pwrite(handle, block, offset + done)
                except OSError as error:
                    if error.errno not in _REFUSED:
                        raise
                    os.close(handle)
                    self._direct = None
                    return done
            done += written
            if written % ALIGNMENT:
                break
        return done
