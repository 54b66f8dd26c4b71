"""What a disk said, found again in what libraries made of it."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterator

__all__ = ["disk_error", "naming_scratch"]

_OF_DISKS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ESTALE, errno.EROFS}
)
_NUMBER = re.compile(r"errno = (\d+)")  # as libhdf5 says it, whatever h5py raises of it
_WORDS = {os.strerror(number): number for number in sorted(_OF_DISKS)}
# TensorFlow has errors of its own, which name the file and then say it in the system's words.
_BEHIND = re.compile(f"; ({'|'.join(map(re.escape, _WORDS))})(?: \\[Op:|$)", re.MULTILINE)


def disk_error(error: BaseException, path: str) -> OSError | None:
    """Returns the error of a disk that is behind another, as one of `path`; None where none is.

    Keras' own error of a disk that is full is one of the zip file that it then can't close,
    TensorFlow's is no OSError.
    """
    found: BaseException | None = error
    for _ in range(100):  # a chain may lead back
        if found is None:
            return None
        number = found.errno if isinstance(found, OSError) else None
        told = _NUMBER.search(str(found))
        number = int(told[1]) if told else number
        if number is None and (behind := _BEHIND.search(str(found))):
            number = _WORDS[behind[1]]
        if number in _OF_DISKS:
            return OSError(number, os.strerror(number), path)
        found = found.__cause__ or found.__context__
    return None


@contextlib.contextmanager
def naming_scratch(path: str) -> Iterator[None]:
    """Has errors of a disk say that it is that of `path`, where scratch files are made."""
    try:
        yield
    except Exception as error:
        found = disk_error(error, path)
        if found is None:
            raise
        raise found from error
