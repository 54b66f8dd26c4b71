"""A file written from front to back in large blocks, past the page cache where that works."""

from __future__ import annotations

import contextlib
import mmap
import os
from types import TracebackType

from tf1compat.files.file_sink import FileSink

__all__ = ["AppendingFile"]

_BLOCK = 4 << 20


class AppendingFile:
    """A new file that grows at its end: however small the pieces are, its blocks are whole."""

    def __init__(self, path: str) -> None:
        """Makes the file; FileExistsError where there is one."""
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        self._sink = FileSink(path)
        self._block = mmap.mmap(-1, _BLOCK)  # page-aligned, which direct writes ask for
        self._held = 0
        self._start = 0

    def __enter__(self) -> AppendingFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            # The frames of an error hold parts of it, and then it goes with them.
            with contextlib.suppress(BufferError):
                self._block.close()
            self._sink.__exit__(kind, error, trace)

    @property
    def size(self) -> int:
        """How many bytes were appended."""
        return self._start + self._held

    def append(self, data: memoryview) -> None:
        """Writes all of `data` behind what is there."""
        while data:
            part = data[: _BLOCK - self._held]
            self._block[self._held : self._held + len(part)] = part
            self._held += len(part)
            data = data[len(part) :]
            if self._held == _BLOCK:
                self._flush()

    def overwrite(self, offset: int, data: memoryview) -> None:
        """Writes `data` over bytes that were appended before."""
        self._flush()
        self._sink.put(offset, data)

    def _flush(self) -> None:
        with memoryview(self._block) as block, block[: self._held] as held:
            self._sink.put_aligned(self._start, held)
        self._start += self._held
        self._held = 0
