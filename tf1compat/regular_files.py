"""The one opener of files that others named or made: regular files alone, whatever comes between.

A FIFO waits for whoever writes to it, a device may never end, and what was a file when it was
looked at may be a FIFO by the time it is opened. So nothing is concluded from a path: what is open
is looked at, and from there on the descriptor is what counts.
"""

from __future__ import annotations

import errno
import os
import stat

__all__ = ["KINDS", "IrregularFileError", "regular_handle"]

KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
"""What isn't a regular file, by its type in a mode."""


class IrregularFileError(OSError):
    """Something else than a regular file is at a path.

    Attributes:
      kind: what it is, as in ``"a FIFO"``.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(errno.EINVAL, f"expected a regular file, found {kind}")
        self.kind = kind


def regular_handle(path: str | os.PathLike[str]) -> int:
    """Returns the descriptor of a regular file, open for reading; whoever asks closes it.

    Raises:
      IrregularFileError: it is no regular file.
      OSError: there is none, or it may not be read.
      ValueError: no file can have that path.
    """
    _require_regular(os.stat(path))  # opening a device may do something: it isn't tried
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        _require_regular(os.fstat(handle))
    except BaseException:
        os.close(handle)
        raise
    return handle


def _require_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise IrregularFileError(KINDS.get(stat.S_IFMT(status.st_mode), "something else"))
