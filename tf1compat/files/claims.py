"""Who may write an output: whoever has locked the file beside it that stands for it.

The kernel lets go of the lock when its holder ends, however it ends and in whatever container, so
nothing is concluded from process ids. Filesystems without locks grant every claim, but no
exclusive one: then nothing is cleared away that might be another's, and what keeps writers apart
is that their names are random and that a commit looks before it acts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
from collections.abc import Iterator

from tf1compat.errors import OutputError
from tf1compat.files.output_errors import naming
from tf1compat.stopping import unstoppable

__all__ = ["Claim", "claimed", "stamp_of"]


@dataclasses.dataclass(frozen=True)
class Claim:
    """The right to write one output.

    Attributes:
      path: of the output.
      exclusive: whether nobody else has it; False where the filesystem has no locks.
    """

    path: str
    exclusive: bool


def stamp_of(path: str) -> str:
    """Returns the path with which everything begins that is staged for an output, hidden beside it.

    >>> stamp_of("out/model.keras")
    'out/.tmp-a69486486e06b8dc'
    """
    directory, base = os.path.split(path)
    return os.path.join(directory, f".tmp-{hashlib.sha256(os.fsencode(base)).hexdigest()[:16]}")


@contextlib.contextmanager
def claimed(path: str) -> Iterator[Claim]:
    """Claims an output for the block; `path` has no links in it.

    Raises:
      OutputError: another program has claimed it, or the folder can't be written to.
    """
    lock, owner, handle = f"{stamp_of(path)}.lock", os.getpid(), -1
    try:
        with naming(path), unstoppable():
            handle, exclusive = _locked(lock, path)
        yield Claim(path, exclusive)
    finally:
        # a fork that unwinds must not give away what isn't its own
        if handle >= 0 and os.getpid() == owner:
            _release(lock, handle)


def _locked(lock: str, path: str) -> tuple[int, bool]:
    """Returns the lock file, open, and whether it is locked."""
    while True:  # it ends: each further turn means that another writer came and went
        handle = _opened(lock)
        if handle is None:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise OutputError(
                f"{path}: another program is writing it now; wait until that one has ended, or "
                "choose another path"
            ) from error
        except OSError:  # ENOLCK, ENOTSUP, ENOSYS, ...: the filesystem has none
            return handle, False
        if _is_at(lock, handle):
            return handle, True
        os.close(handle)  # its last holder removed it, and the next one will lock another


def _opened(lock: str) -> int | None:
    """Returns the lock file, open, made where there is none; None where it went meanwhile."""
    with contextlib.suppress(FileExistsError):
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    for access in (os.O_RDWR, os.O_RDONLY):  # another user's can be locked, if not written to
        try:
            return os.open(lock, access | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except PermissionError:
            if access == os.O_RDONLY:
                raise
    return None


def _is_at(lock: str, handle: int) -> bool:
    """Tells whether an open file is the one of that name."""
    try:
        return os.path.samestat(os.lstat(lock), os.fstat(handle))
    except FileNotFoundError:
        return False


def _release(lock: str, handle: int) -> None:
    """Removes the lock file, while it is locked, so that nobody locks one that is to go."""
    with contextlib.suppress(OSError):
        if _is_at(lock, handle):
            os.unlink(lock)
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_UN)  # for forks, too, that have it still open
    with contextlib.suppress(OSError):
        os.close(handle)
