"""Outputs that are complete or absent: write beside, sync, rename.

A staged file stands beside its destination under a hidden name that carries the id and the start
time of the process writing it, so that a later run can tell what a killed one left from what a
living one is still writing.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Iterator, Sequence

from tf1compat.errors import OutputError, Tf1CompatError

__all__ = ["clear_stale", "destination", "staged_file", "staged_files"]

_STAGED = re.compile(r"\.tmp-(\d+)-(\d+)-[0-9a-f]{8}\.(.+)", re.DOTALL)


@contextlib.contextmanager
def staged_file(path: str | os.PathLike[str]) -> Iterator[str]:
    """Yields a temporary path beside `path`; on success it becomes `path`, else it is removed.

    The temporary name ends in the name of `path`, so a writer that looks at suffixes is content.
    What stood at `path` before stands until the new file is complete and synced; a kill at any
    moment leaves the old file or the new one. What killed runs left is cleared first. Where
    `path` is a symbolic link, the file it points at is replaced and the link stays. A temporary
    path is written as it is: it becomes what it stands for where it was made.

    Raises:
      OutputError: the directory is missing, `path` is a directory, the disk is full, or any other
        OSError while the block or the renaming ran; the message names `path`.
    """
    name = os.fspath(path)
    if destination(name) == name:
        with staged_files([name]) as (temporary,):
            yield temporary
    else:
        with _naming(destination(name)):
            yield name


def destination(path: str) -> str:
    """Returns what a temporary path of this process is to become; any other is its own."""
    directory, base = os.path.split(path)
    match = _STAGED.fullmatch(base)
    own = match is not None and int(match[1]) == os.getpid()
    return os.path.join(directory, match[3]) if match is not None and own else path


@contextlib.contextmanager
def staged_files(paths: Sequence[str | os.PathLike[str]]) -> Iterator[tuple[str, ...]]:
    """Yields temporary paths beside each of `paths`; on success renames them in that order.

    The last of `paths` is the commit point: everything before it has reached the disk, under its
    final name, when it is renamed. Files of the block that were never created are not renamed.

    Raises:
      OutputError: as for :func:`staged_file`; the message names the file concerned.
    """
    finals = [os.path.realpath(os.fspath(path)) for path in paths]
    for final in finals:
        _refuse(final)
        clear_stale(final)
    temporaries = tuple(_temporary(final) for final in finals)
    try:
        with _naming(finals[-1]):
            yield temporaries
        _commit(temporaries, finals)
    finally:
        for temporary in temporaries:
            if os.path.isdir(temporary):  # of a format that writes several files
                shutil.rmtree(temporary, ignore_errors=True)
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def clear_stale(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Removes what killed runs staged for `path`; returns the removed paths, sorted.

    Staged files of processes that are alive are left alone. A directory that doesn't exist has
    nothing to clear.

    Raises:
      OutputError: a stale file can't be removed.
    """
    directory, base = os.path.split(os.path.realpath(os.fspath(path)))
    stale = [name for name, owned in staged_by(directory).items() if owned == (base, None)]
    for name in stale:
        remove(name)
    return tuple(stale)


def staged_by(directory: str) -> dict[str, tuple[str, int | None]]:
    """Returns what is staged in a directory: each path, the name meant, and by which process.

    The process is None where it is gone, so that the file is stale.
    """
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return {}
    found: dict[str, tuple[str, int | None]] = {}
    for match in filter(None, map(_STAGED.fullmatch, names)):
        pid = int(match[1])
        owner = None if _is_gone(pid, int(match[2])) else pid
        found[os.path.join(directory, match[0])] = (match[3], owner)
    return found


def remove(path: str) -> None:
    """Removes a file where there is one; an OutputError names it where that fails."""
    with _naming(path), contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def sync_file(path: str) -> None:
    """Has the kernel put the bytes of the file (or directory) `path` on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _commit(temporaries: Sequence[str], finals: Sequence[str]) -> None:
    """Syncs everything staged, then renames in order, the directory synced around the last."""
    staged = [pair for pair in zip(temporaries, finals, strict=True) if os.path.lexists(pair[0])]
    if not staged:
        raise OutputError(f"{finals[-1]}: nothing was written to its staged file")
    for temporary, final in staged:
        with _naming(final):
            sync_file(temporary)
    for place, (temporary, final) in enumerate(staged):
        with _naming(final):
            if place and place == len(staged) - 1:
                sync_file(os.path.dirname(final))
            os.replace(temporary, final)
    with _naming(finals[-1]):
        sync_file(os.path.dirname(finals[-1]))


def _refuse(final: str) -> None:
    directory = os.path.dirname(final)
    if not os.path.isdir(directory):
        raise OutputError(f"{final}: can't be written, {directory} is not a directory; create it")
    try:
        mode = os.lstat(final).st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        raise OutputError(f"{final}: can't be written, something that is not a file stands there")


def _temporary(final: str) -> str:
    directory, base = os.path.split(final)
    pid = os.getpid()
    return os.path.join(directory, f".tmp-{pid}-{_start_time(pid)}-{os.urandom(4).hex()}.{base}")


def _is_gone(pid: int, start: int) -> bool:
    """Tells whether the process that staged a file has ended, though its id may live again."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:  # alive, and another user's
        pass
    now = _start_time(pid)
    return bool(start and now and start != now)


def _start_time(pid: int) -> int:
    """Returns when the process started, in clock ticks since boot; 0 where that's unknown."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


@contextlib.contextmanager
def _naming(path: str) -> Iterator[None]:
    """Turns an OSError of the block into an OutputError that names `path`."""
    try:
        yield
    except Tf1CompatError:  # some are OSErrors too, and say better what is wrong
        raise
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        if error.filename not in (None, path):
            reason += f": {error.filename}"
        raise OutputError(
            f"{path}: could not be written ({reason}); what stood there before still stands"
        ) from error
