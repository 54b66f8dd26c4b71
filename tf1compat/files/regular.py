"""Opening files that may be anything: never blocking, never trusting their size."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import weakref
from collections.abc import Iterator
from typing import NamedTuple

from tf1compat.errors import CheckpointError, CorruptCheckpointError
from tf1compat.files.scratch import scratch_folder
from tf1compat.regular_files import KINDS, IrregularFileError, regular_handle

__all__ = ["RegularFile", "SeenFile", "open_regular", "regular_size", "special_kind"]

_HINTS = {
    b"version https://git-lfs": "this is a git-LFS pointer, fetch the file with `git lfs pull`",
    b"<!doctype": "this is an HTML page, the download went wrong",
    b"<html": "this is an HTML page, the download went wrong",
    b"\x89hdf": "this is an HDF5 file (Keras weights), not a TensorFlow checkpoint",
    b"pk\x03\x04": "this is a zip file, perhaps of Keras or numpy; unpack it first",
    b"\x1f\x8b": "this is a gzip file; unpack it first",
}


class RegularFile:
    """A file open for positioned reading; `size` is what it was when it was opened.

    Its `identity` is another one for another file of that path, and for one that was written to.

    Reads go through pread, not through a mapping: a file that shrinks, or a disk that fails, while
    a mapping of it is read ends the process with SIGBUS; here it gives an error.
    """

    def __init__(
        self, path: str, *, handle: int, status: os.stat_result, variable: str | None
    ) -> None:
        self.path = path
        self.variable = variable  # whom errors name
        self.size = status.st_size
        self.identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        self._handle = handle

    def read(self, offset: int, length: int) -> bytearray:
        """Returns `length` bytes from `offset`.

        Raises:
          CorruptCheckpointError: the file ends before, or can't be read there.
        """
        if offset + length > self.size:
            raise self.short(offset, length)
        data = bytearray(length)
        self.read_into(offset, memoryview(data))
        return data

    def read_into(self, offset: int, out: memoryview) -> None:
        """Fills `out` (bytes) from `offset`; errors as for :meth:`read`."""
        done = 0
        while done < len(out):
            try:
                count = os.preadv(self._handle, [out[done:]], offset + done)
            except (OSError, OverflowError) as error:
                raise self.corrupt(f"can't be read ({error})", offset + done) from error
            if not count:
                raise self.short(offset, len(out))
            done += count

    def peek(self, length: int) -> bytes:
        """Returns at most `length` bytes from the start; none where the file can't be read."""
        try:
            return os.pread(self._handle, length, 0)
        except OSError:
            return b""

    def duplicate(self) -> io.FileIO:
        """Returns the file once more, open at its start for as long as whoever asks keeps it."""
        handle = os.dup(self._handle)
        kept = io.FileIO(handle, closefd=False)  # Python would complain that it isn't closed
        weakref.finalize(kept, _close, handle)
        return kept

    @contextlib.contextmanager
    def leading_path(self) -> Iterator[str]:
        """Yields a path of the same last name that leads to this very file, for others to open.

        What was looked at is what they read, whatever stands at the file's own path by then. Where
        the system has no paths of descriptors, it is a copy.
        """
        with scratch_folder() as folder:
            path = os.path.join(folder, os.path.basename(self.path))
            os.symlink(f"/dev/fd/{self._handle}", path)
            if not self._is_at(path):
                os.unlink(path)
                with self.duplicate() as source, open(path, "xb") as copy:
                    os.lseek(source.fileno(), 0, os.SEEK_SET)
                    shutil.copyfileobj(source, copy, 1 << 20)
            yield path

    def _is_at(self, path: str) -> bool:
        try:
            return os.path.samestat(os.stat(path), os.fstat(self._handle))
        except OSError:
            return False

    def corrupt(self, message: str, offset: int | None) -> CorruptCheckpointError:
        """Returns the error that says what is wrong with this file, and where."""
        return CorruptCheckpointError(
            message + _hint(self), file=self.path, variable=self.variable, offset=offset
        )

    def short(self, offset: int, length: int) -> CorruptCheckpointError:
        """Returns the error that says the file is cut short."""
        held = f"the file has {self.size} bytes"
        return self.corrupt(f"{length} bytes expected here, but {held}: it is cut short", offset)


@contextlib.contextmanager
def open_regular(
    path: str, *, variable: str | None = None, offset: int | None = None
) -> Iterator[RegularFile]:
    """Opens a regular file; anything else is refused before it could block.

    Raises:
      CorruptCheckpointError: there is no such file, or it isn't a regular file.
      CheckpointError: it may not be read.
    """
    with contextlib.ExitStack() as stack:
        try:
            handle = regular_handle(path)
            stack.callback(_close, handle)
            status = os.fstat(handle)
        except PermissionError as error:
            raise CheckpointError(f"{path}: can't be opened ({error.strerror})") from error
        except (OSError, ValueError) as error:
            raise CorruptCheckpointError(
                _said(error), file=path, variable=variable, offset=offset
            ) from error
        yield RegularFile(path, handle=handle, status=status, variable=variable)


class SeenFile(NamedTuple):
    """A file that was looked into before, for reading more of it: of that very file alone.

    Attributes:
      path: where it is.
      identity: what :attr:`RegularFile.identity` was.
    """

    path: str
    identity: tuple[int, ...]

    @contextlib.contextmanager
    def opened(self, *, variable: str | None = None) -> Iterator[RegularFile]:
        """Opens it again; errors as for :func:`open_regular`.

        Raises:
          CorruptCheckpointError: another file is there now, or it was written to.
        """
        with open_regular(self.path, variable=variable) as file:
            if file.identity != self.identity:
                raise file.corrupt(
                    "expected the file that was opened before, found that it was changed since; "
                    "open it again",
                    None,
                )
            yield file


def regular_size(path: str, *, variable: str | None = None, offset: int | None = None) -> int:
    """Returns the size of a regular file in bytes; errors as for :func:`open_regular`."""
    with open_regular(path, variable=variable, offset=offset) as file:
        return file.size


def special_kind(path: str | os.PathLike[str]) -> str:
    """Returns what stands at `path` where reading it could wait for ever, as in "a FIFO"; or "".

    A regular file, a directory and nothing at all are "".
    """
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)
    except (OSError, ValueError):
        return ""
    return "" if kind in (stat.S_IFREG, stat.S_IFDIR) else KINDS.get(kind, "something else")


def _said(error: Exception) -> str:
    """Returns what an error says of a file that can't be opened."""
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    if isinstance(error, IrregularFileError):
        return str(error.strerror)
    return f"can't be opened ({getattr(error, 'strerror', None) or error})"


def _close(handle: int) -> None:
    with contextlib.suppress(OSError):  # all that was asked of it was read
        os.close(handle)


def _hint(file: RegularFile) -> str:
    """Returns what a damaged file looks like, where that tells the remedy."""
    head = bytes(file.peek(64)).lower()
    for start, hint in _HINTS.items():
        if head.startswith(start):
            return f"; {hint}"
    return ""
