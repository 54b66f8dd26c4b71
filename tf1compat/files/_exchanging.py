"""Two names of a filesystem that change places at one stroke: for what a rename can't replace."""

from __future__ import annotations

import ctypes
import errno
import os

from tf1compat.errors import OutputError

__all__ = ["exchange"]

_HERE = -100  # AT_FDCWD: paths are relative to the working directory
_EXCHANGE = 2  # RENAME_EXCHANGE
_LACKING = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


def exchange(staged: str, final: str) -> None:
    """Has what stands at two paths change places.

    Linux alone has it (``renameat2``), and most of its filesystems.

    Raises:
      OutputError: here it can't be done.
      OSError: it failed.
    """
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    code = errno.ENOSYS
    if call is not None:
        if not call(_HERE, os.fsencode(staged), _HERE, os.fsencode(final), _EXCHANGE):
            return
        code = ctypes.get_errno()
    if code in _LACKING:
        raise OutputError(
            f"{final}: can't be replaced, this filesystem has no way to replace a folder at one "
            "stroke; remove it first, or choose another path"
        )
    raise OSError(code, os.strerror(code), final)
