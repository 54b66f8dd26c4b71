"""Folders for what is needed for a moment: gone afterwards, those of killed processes too.

Each is locked for as long as it is in use, by a lock that the kernel releases. So one of this user
that can be locked was left by a process that was killed, and the next one that needs a folder
clears it away.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

from tf1compat.files.putting import put
from tf1compat.stopping import unstoppable

__all__ = ["scratch_folder", "tidied"]

_PREFIX = "tf1compat-scratch-"
_TIDYING = threading.RLock()


@contextlib.contextmanager
def scratch_folder() -> Iterator[str]:
    """Yields the path of a new folder of the system's temporary directory; removes it afterwards.

    A signal that ends the process waits until it is made, and until it is removed.
    """
    owner, folder, handle = os.getpid(), "", -1
    try:
        with unstoppable():
            _clear(tempfile.gettempdir())
            folder, handle = _made()
        yield folder
    finally:
        if handle >= 0 and os.getpid() == owner:  # a fork that unwinds must not clear its parent's
            with unstoppable():
                _remove(folder, handle)


@contextlib.contextmanager
def tidied() -> Iterator[None]:
    """Removes what temporary folders the block made in this thread, where it raises.

    Keras makes one of its own as it saves, and leaves it where it can't write there.
    """
    with _TIDYING:
        made: list[str] = []
        plain, mine = tempfile.mkdtemp, threading.get_ident()

        def noting(*args: Any, **kwargs: Any) -> Any:
            folder = plain(*args, **kwargs)
            if threading.get_ident() == mine:
                made.append(folder)
            return folder

        try:
            with put(tempfile, "mkdtemp", noting):
                yield
        except BaseException:
            for folder in made:
                shutil.rmtree(folder, ignore_errors=True)
            raise


def _made() -> tuple[str, int]:
    """Returns a new folder and its lock."""
    while True:
        folder = tempfile.mkdtemp(prefix=_PREFIX)
        handle = _locked(folder)
        if handle is not None:
            return folder, handle


def _locked(folder: str) -> int | None:
    """Returns what is open of a folder, which is locked where the filesystem has locks.

    None where whoever clears away has found it before it was locked, and removed it.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX)
    with contextlib.suppress(FileNotFoundError):
        if os.path.samestat(os.lstat(folder), os.fstat(handle)):
            return handle
    os.close(handle)
    return None


def _remove(folder: str, handle: int) -> None:
    try:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
    finally:
        os.close(handle)


def _clear(parent: str) -> None:
    """Removes the folders that killed processes of this user left."""
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                with contextlib.suppress(OSError):  # it is in nobody's way
                    _remove_unused(entry.path)


def _remove_unused(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == 0o700:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    finally:
        os.close(handle)
