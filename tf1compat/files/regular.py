"""Opening files that may be anything: never blocking, never trusting their size."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import weakref
from collections.abc import Hashable, Iterator
from typing import NamedTuple

from tf1compat.errors import CheckpointError, CorruptCheckpointError
from tf1compat.files._remote import is_url, remote_file
from tf1compat.files.positioned import Descriptor, Positions, RegularFile, read_at
from tf1compat.files.scratch import scratch_folder
from tf1compat.regular_files import KINDS, IrregularFileError, regular_handle

__all__ = ["RegularFile", "SeenFile", "open_regular", "regular_size", "special_kind"]


class _LocalFile(RegularFile):
    """One of this machine.

    Reads go through pread, not through a mapping: a file that shrinks, or a disk that fails, while
    a mapping of it is read ends the process with SIGBUS; here it gives an error.
    """

    def __init__(
        self, path: str, *, handle: int, status: os.stat_result, variable: str | None
    ) -> None:
        identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        super().__init__(path, size=status.st_size, identity=identity, variable=variable)
        self._handle = handle

    def some(self, offset: int, out: memoryview) -> int:
        """Fills the beginning of `out`."""
        try:
            return read_at(self._handle, out, offset)
        except (OSError, OverflowError) as error:
            raise self._unreadable(error, offset) from error

    def _unreadable(self, error: Exception, offset: int) -> CorruptCheckpointError:
        # without a look at its beginning for a hint, which can't be read either
        return CorruptCheckpointError(
            f"can't be read ({error})", file=self.path, variable=self.variable, offset=offset
        )

    def expect(self, offset: int, length: int) -> None:
        """Does nothing: the system reads ahead."""

    def duplicate(self) -> Positions:
        """Returns the file once more, open for as long as whoever asks keeps it."""
        return Descriptor(self._opened_again())

    def _opened_again(self) -> io.FileIO:
        handle = os.dup(self._handle)
        kept = io.FileIO(handle, closefd=False)  # Python would complain that it isn't closed
        weakref.finalize(kept, _close, handle)
        return kept

    @contextlib.contextmanager
    def leading_path(self) -> Iterator[str]:
        """Yields a path of the same last name that leads to this very file, for others to open.

        What was looked at is what they read, whatever stands at the file's own path by then. Where
        the system has no paths of descriptors, or what is opened by one shares this descriptor's
        position (macOS), it is a copy.
        """
        with scratch_folder() as folder:
            path = os.path.join(folder, os.path.basename(self.path))
            os.symlink(f"/dev/fd/{self._handle}", path)
            if not self._is_at(path):
                os.unlink(path)
                with self._opened_again() as source, open(path, "xb") as copy:
                    os.lseek(source.fileno(), 0, os.SEEK_SET)
                    shutil.copyfileobj(source, copy, 1 << 20)
            yield path

    def _is_at(self, path: str) -> bool:
        try:
            return os.path.samestat(os.stat(path), os.fstat(self._handle)) and self._alone_at(path)
        except OSError:
            return False

    def _alone_at(self, path: str) -> bool:
        """Tells whether whoever opens this very file by `path` has a position of its own."""
        again = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.lseek(self._handle, 0, os.SEEK_SET)
            os.lseek(again, 1, os.SEEK_SET)
            return os.lseek(self._handle, 0, os.SEEK_CUR) == 0
        finally:
            os.close(again)


@contextlib.contextmanager
def open_regular(
    path: str, *, variable: str | None = None, offset: int | None = None
) -> Iterator[RegularFile]:
    """Opens a regular file, of this machine or at a URL; all else is refused before it may block.

    Raises:
      CorruptCheckpointError: there is no such file, or it isn't a regular file.
      CheckpointError: it may not be read.
      UsageError: it is at a URL, and what reads these isn't installed.
    """
    if is_url(path):
        with remote_file(path, variable=variable, offset=offset) as remote:
            yield remote
        return
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
        yield _LocalFile(path, handle=handle, status=status, variable=variable)


class SeenFile(NamedTuple):
    """A file that was looked into before, for reading more of it: of that very file alone.

    Attributes:
      path: where it is.
      identity: what :attr:`RegularFile.identity` was.
    """

    path: str
    identity: tuple[Hashable, ...]

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
