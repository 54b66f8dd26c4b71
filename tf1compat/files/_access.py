"""Who may read an output: whoever might read the one that it replaces."""

from __future__ import annotations

import os
import stat

__all__ = ["area_mode", "keep_access"]


def area_mode(old: os.stat_result | None) -> int:
    """Returns the mode of a folder in which a file is staged that replaces `old`.

    Those who may not read `old` are kept out: what is staged has its mode only in the end.

    >>> import os
    >>> oct(area_mode(os.stat_result((0o100640, *range(9)))))
    '0o770'
    """
    mode = 0o777 if old is None else old.st_mode
    return 0o700 | (0o070 if mode & 0o040 else 0) | (0o007 if mode & 0o004 else 0)


def keep_access(path: str, old: os.stat_result) -> None:
    """Gives a new file the owner and group of `old`, where that's permitted, and its mode.

    Nobody gains by it: rights of a group that can't be kept are kept by none, and so are set-id
    bits.

    Raises:
      OSError: the mode can't be given.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        new = _given_away(handle, old)
        mode = stat.S_IMODE(old.st_mode)
        if new.st_gid != old.st_gid:
            mode &= 0o707 | (mode & 0o007) << 3
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            mode &= 0o777
        if stat.S_IMODE(new.st_mode) != mode:
            os.fchmod(handle, mode)
    finally:
        os.close(handle)


def _given_away(handle: int, old: os.stat_result) -> os.stat_result:
    """Gives a file the owner and group of another, or the group alone; returns what it has now."""
    for user in (old.st_uid, -1):
        new = os.fstat(handle)
        if (new.st_uid, new.st_gid) == (old.st_uid, old.st_gid):
            break
        try:
            os.fchown(handle, user, old.st_gid)
        except OSError:
            continue
    return os.fstat(handle)
