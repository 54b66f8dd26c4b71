"""Having the kernel put files on the disk, on filesystems that do so and on those that refuse."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection

__all__ = ["sync_directory", "sync_file"]

_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
# Some network filesystems sync no directory; some directories can be written to but not read.
_NO_DIRECTORY_SYNC = _NO_SYNC | {errno.EACCES, errno.EPERM, errno.EBADF, errno.EISDIR}


def sync_file(path: str) -> None:
    """Has the bytes of a file put on the disk; of a directory those of all files within, too.

    Where the filesystem has no such operation, it is as good as it gets; other errors are raised.
    """
    if os.path.isdir(path):
        for name in sorted(os.listdir(path)):
            sync_file(os.path.join(path, name))
        sync_directory(path)
    else:
        _sync(path, refused=_NO_SYNC)


def sync_directory(path: str) -> None:
    """Has the names within a directory put on the disk; where that's refused, goes on."""
    _sync(path, refused=_NO_DIRECTORY_SYNC)


def _sync(path: str, *, refused: Collection[int]) -> None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in refused:
            raise
