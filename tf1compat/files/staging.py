"""Outputs that are complete or absent: write beside, sync, rename.

A file is staged under its own name, in a hidden folder beside its destination. Whoever writes an
output has claimed it; so what is staged for one that can be claimed was left by a writer that
ended, and is cleared. On filesystems without locks leftovers stay, since they may be of a living
writer's: folders ``.tmp-*`` that may be removed by hand once nobody writes there.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from tf1compat.errors import OutputError
from tf1compat.files.areas import leftovers, remove_area, staged_place, staging_area
from tf1compat.files.claims import claimed, stamp_of
from tf1compat.files.folders import require_replaceable
from tf1compat.files.output_errors import naming, path_text, real_path
from tf1compat.files.sealed import replace_all, seal

__all__ = ["clear_stale", "destination", "staged_file", "staged_files"]


@contextlib.contextmanager
def staged_file(path: str | os.PathLike[str]) -> Iterator[str]:
    """Yields a temporary path near `path`; on success it becomes `path`, else it is removed.

    The temporary path ends in the name of `path`, so a writer that looks at suffixes is content.
    What stood at `path` before stands until the new file is complete and synced; a kill at any
    moment leaves the old file or the new one. The new one has the mode of the old one, and its
    owner where that's permitted. What killed runs left is cleared first. Where `path` is a
    symbolic link, the file it points at is replaced and the link stays. A temporary path is
    written as it is: it becomes what it stands for where it was made. The block may make a folder
    there, with a manifest (:func:`~tf1compat.files.folders.write_folder_manifest`).

    Raises:
      OutputError: another program is writing `path`, its directory is missing, `path` is a
        directory that isn't wholly an output of this package, or another user's link where
        everybody may write, the disk is full, or any other OSError while the block or the renaming
        ran; the message names `path` and says what stands there.
    """
    name = path_text(path)
    if staged_place(name) is None:
        with staged_files([name]) as (temporary,):
            yield temporary
    else:
        with naming(destination(name)):
            yield name


def destination(path: str) -> str:
    """Returns what a temporary path of this process is to become; any other is its own.

    So it does of what is within a folder that is staged.
    """
    outer, inner = path, ""
    while (place := staged_place(outer)) is None:
        above, name = os.path.split(outer)
        if not name:
            return path
        outer, inner = above, os.path.join(name, inner) if inner else name
    return os.path.join(place, inner) if inner else place


@contextlib.contextmanager
def staged_files(paths: Sequence[str | os.PathLike[str]]) -> Iterator[tuple[str, ...]]:
    """Yields temporary paths near each of `paths`; on success renames them in that order.

    The last of `paths` is the commit point: everything before it has reached the disk, under its
    final name, when it is renamed. Files of the block that were never created are not renamed.

    Raises:
      OutputError: as for :func:`staged_file`; the message names the file concerned.
    """
    names = [path_text(path) for path in paths]
    for name in names:
        _refuse_link_of_others(name)
    finals = [real_path(name) for name in names]
    for final in finals:
        _refuse(final)
    with ExitStack() as stack:
        # In order of their names, so that of two writers of the same files one gets them all.
        areas = {final: stack.enter_context(_area(final)) for final in sorted(set(finals))}
        pairs = [(os.path.join(areas[final], os.path.basename(final)), final) for final in finals]
        with naming(finals[-1]):
            yield tuple(temporary for temporary, _ in pairs)
        _commit(pairs)


def clear_stale(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Removes what killed runs staged for `path`; returns the removed paths, sorted.

    What a living process stages is left alone, and everything is where the filesystem has no
    locks. A directory that doesn't exist has nothing to clear.

    Raises:
      OutputError: what is stale can't be removed.
    """
    final = real_path(path_text(path))
    if not _is_anything_staged(final):
        return ()
    try:
        with claimed(final) as claim, naming(final):
            stale = leftovers(claim)
            for area in stale:
                remove_area(area)
    except OutputError as error:
        if not isinstance(error.__cause__, BlockingIOError):
            raise
        return ()  # its writer lives
    return stale


@contextlib.contextmanager
def _area(final: str) -> Iterator[str]:
    """Claims an output, clears what was left of it, and makes a staging area for it."""
    with claimed(final) as claim:
        for area in leftovers(claim):
            with contextlib.suppress(OSError):  # another user's, which is in nobody's way
                remove_area(area)
        with staging_area(claim, [final]) as area:
            yield area


def _is_anything_staged(final: str) -> bool:
    directory, stamp = os.path.split(stamp_of(final))
    try:
        return any(name.startswith(stamp) for name in os.listdir(directory))
    except OSError:
        return False


def _commit(pairs: Sequence[tuple[str, str]]) -> None:
    """Has what was staged take its places."""
    staged = [pair for pair in pairs if os.path.lexists(pair[0])]
    if not staged:
        raise OutputError(f"{pairs[-1][1]}: nothing was written to its staged file")
    replace_all([seal(temporary, final) for temporary, final in staged])


def _refuse_link_of_others(path: str) -> None:
    """Raises OutputError for a link that another user put where everybody may: it is a trap.

    Linux follows none either (``fs.protected_symlinks``), but can't know that a name which was read
    of a link is going to be written to.
    """
    try:
        link, folder = os.lstat(path), os.stat(os.path.dirname(path) or ".")
    except OSError:
        return
    shared = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
    if stat.S_ISLNK(link.st_mode) and shared and link.st_uid not in (os.geteuid(), folder.st_uid):
        raise OutputError(
            f"{path}: can't be written, it is a link that another user put into a folder where "
            "everybody may write; choose another path"
        )


def _refuse(final: str) -> None:
    directory = os.path.dirname(final)
    if not os.path.isdir(directory):
        raise OutputError(f"{final}: can't be written, {directory} is not a directory; create it")
    try:
        mode = os.lstat(final).st_mode
    except OSError:
        return
    if stat.S_ISDIR(mode):
        require_replaceable(final)
    elif not stat.S_ISREG(mode):
        raise OutputError(f"{final}: can't be written, something that is not a file stands there")
