"""A file that HDF5 writes to and whose errors are seen.

libhdf5 writes most at close, h5py looks past what goes wrong then, and libhdf5 ends the process
with SIGSEGV when it tries once more at its end. So it is never told: the first error is kept, and
raised once the file is closed.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from typing import Any

import h5py

from tf1compat.files.positioned import read_at

__all__ = ["checked_h5"]


@contextlib.contextmanager
def checked_h5(path: str, mode: str, **settings: Any) -> Iterator[h5py.File]:
    """Yields the HDF5 file `path`, made (mode ``"w"``) or opened (``"r+"``).

    Raises:
      OSError: it could not be written, at whichever moment.
    """
    with _CheckedFile(path) as file:
        try:
            with h5py.File(file, mode, **settings) as made:
                yield made
        except Exception as error:
            if file.error is not None:  # what was read back was never written
                raise file.error from error
            raise
        if file.error is not None:
            raise file.error


class _CheckedFile(io.RawIOBase):
    """Attributes: error: the first error of writing; None as long as there was none."""

    def __init__(self, path: str) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self._path = path
        self._at = 0
        self.error: OSError | None = None

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        count = read_at(self._handle, view, self._at)
        view[count:] = bytes(len(view) - count)  # HDF5 takes what lies past the end for zeros
        self._at += len(view)
        return len(view)

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._keeping_errors(lambda: self._put(view))
        self._at += len(view)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        length = self._at if size is None else size
        self._keeping_errors(lambda: os.ftruncate(self._handle, length))
        return length

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = os.fstat(self._handle).st_size
        self._at = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: size}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._handle)

    def _put(self, view: memoryview) -> None:
        at = self._at
        while view:
            count = os.pwrite(self._handle, view, at)
            view, at = view[count:], at + count

    def _keeping_errors(self, act: Callable[[], None]) -> None:
        if self.error is not None:
            return
        try:
            act()
        except OSError as error:
            self.error = OSError(error.errno, error.strerror, self._path)
