"""Opening files that may be anything: never blocking, never trusting their size."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator

from tf1compat.errors import CheckpointError, CorruptCheckpointError

__all__ = ["RegularFile", "open_regular", "regular_opener", "regular_size", "special_kind"]

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
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
    regular_size(path, variable=variable, offset=offset)
    with contextlib.ExitStack() as stack:
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            stack.callback(_close, handle)
            status = os.fstat(handle)
        except OSError as error:
            raise CheckpointError(f"{path}: can't be opened ({error.strerror})") from error
        _require_regular(path, mode=status.st_mode, variable=variable, offset=offset)
        yield RegularFile(path, handle=handle, status=status, variable=variable)


def regular_size(path: str, *, variable: str | None = None, offset: int | None = None) -> int:
    """Returns the size of a regular file in bytes; errors as for :func:`open_regular`."""
    try:
        status = os.stat(path)
    except FileNotFoundError as error:
        raise CorruptCheckpointError(
            "the file is missing", file=path, variable=variable, offset=offset
        ) from error
    except (OSError, ValueError) as error:
        raise CorruptCheckpointError(
            f"can't be looked at ({error})", file=path, variable=variable, offset=offset
        ) from error
    _require_regular(path, mode=status.st_mode, variable=variable, offset=offset)
    return status.st_size


def regular_opener(path: str, flags: int) -> int:
    """Opens a regular file, as an `opener` of `open` and `io.FileIO`; nothing else could block.

    Raises:
      CorruptCheckpointError: it isn't one.
      OSError: it can't be opened.
    """
    handle = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _require_regular("", mode=os.fstat(handle).st_mode, variable=None, offset=None)
    except BaseException:
        _close(handle)
        raise
    return handle


def special_kind(path: str | os.PathLike[str]) -> str:
    """Returns what stands at `path` where reading it could wait for ever, as in "a FIFO"; or "".

    A regular file, a directory and nothing at all are "".
    """
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)
    except (OSError, ValueError):
        return ""
    return "" if kind in (stat.S_IFREG, stat.S_IFDIR) else _KINDS.get(kind, "something else")


def _close(handle: int) -> None:
    with contextlib.suppress(OSError):  # all that was asked of it was read
        os.close(handle)


def _require_regular(path: str, *, mode: int, variable: str | None, offset: int | None) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise CorruptCheckpointError(
            f"expected a regular file, found {kind}", file=path, variable=variable, offset=offset
        )


def _hint(file: RegularFile) -> str:
    """Returns what a damaged file looks like, where that tells the remedy."""
    head = bytes(file.peek(64)).lower()
    for start, hint in _HINTS.items():
        if head.startswith(start):
            return f"; {hint}"
    return ""
