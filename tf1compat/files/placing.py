"""Several new files that appear together, where nothing stood, or not at all.

They are hard links to the staged ones: a link is never put over another file, and as the staged
names stay until all is done, whoever clears up after a killed writer sees which files are its own.
Where there are no links, an empty file keeps each place until the staged one is renamed onto it,
and a record beside the staged ones says which they are.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence

from tf1compat.errors import OutputError
from tf1compat.files.json_text import parse_json
from tf1compat.files.output_errors import naming
from tf1compat.files.sealed import SealedFile, settle
from tf1compat.files.syncing import sync_directory
from tf1compat.text_files import read_text

__all__ = ["place_new", "placed_from"]

_RECORD = ".renamed"


def place_new(files: Sequence[SealedFile]) -> None:
    """Gives files their names in order, which nothing may have yet; the last makes them count.

    Where it fails, those that have got theirs lose them again; what others put there stays.

    Raises:
      OutputError: something has one of the names, what is staged isn't ours any more, or the
        system fails.
    """
    for file in files:
        file.require_own()
    try:
        _place_in_order(files)
    except BaseException:
        if not files[-1].stands():
            _take_back(files)
            raise
    settle(files[-1].final)


def placed_from(area: str) -> tuple[str, ...]:
    """Returns the files that a killed writer has placed from its staging area, sorted."""
    recorded = _recorded(area)
    found = []
    for name in sorted({*os.listdir(area), *recorded}):
        final = os.path.join(os.path.dirname(area), name)
        with contextlib.suppress(FileNotFoundError):
            status = os.lstat(final)
            if _traits(status) == recorded.get(name) or _is_staged(area, name, status):
                found.append(final)
    return tuple(found)


def _place_in_order(files: Sequence[SealedFile]) -> None:
    *others, last = files
    for file in others:
        with _telling(file.final):
            if not _linked(file):
                _rename_exclusively(file)
    with _telling(last.final):
        sync_directory(os.path.dirname(last.final))
        if not _linked(last):
            # Its place can't be reserved: an empty file there would count.
            if os.path.lexists(last.final):
                raise FileExistsError
            last.rename()


def _linked(file: SealedFile) -> bool:
    """Gives a file its name unless that is taken; False where the filesystem has no links."""
    try:
        os.link(file.staged, file.final)
    except FileExistsError:
        if not file.stands():
            raise
    except OSError:
        return file.stands()
    return True


def _rename_exclusively(file: SealedFile) -> None:
    """Renames a file to where nothing stands."""
    handle = os.open(file.final, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    reserved = None
    try:
        try:
            reserved = os.fstat(handle)
        finally:
            os.close(handle)
        _record(file)
        file.rename()
    except BaseException:
        _release(file.final, reserved)
        raise


def _release(final: str, reserved: os.stat_result | None) -> None:
    """Removes the empty file that keeps a place; None where the system didn't say which it is."""
    with contextlib.suppress(FileNotFoundError):
        status = os.lstat(final)
        if not status.st_size and (reserved is None or os.path.samestat(status, reserved)):
            os.unlink(final)


def _record(file: SealedFile) -> None:
    """Notes, beside the staged files, what is about to be renamed."""
    line = [os.path.basename(file.final), _traits(os.lstat(file.staged))]
    with open(os.path.join(os.path.dirname(file.staged), _RECORD), "a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")


def _recorded(area: str) -> dict[str, list[int]]:
    """Returns the traits of what was renamed, by its name."""
    found: dict[str, list[int]] = {}
    path = os.path.join(area, _RECORD)
    # UsageError where there is no such file; others of a line that the kill cut short
    with contextlib.suppress(ValueError, TypeError):
        for line in read_text(path).splitlines():
            name, traits = parse_json(line, file=path)
            if os.path.basename(name) == name:  # what it places stands beside it
                found[name] = traits
    return found


def _traits(status: os.stat_result) -> list[int]:
    """Returns what tells a file from another that has got its inode later."""
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns]


def _is_staged(area: str, name: str, status: os.stat_result) -> bool:
    """Tells whether a file is one that is staged, or keeps the place of one."""
    try:
        return os.path.samestat(os.lstat(os.path.join(area, name)), status) or not status.st_size
    except FileNotFoundError:
        return False


def _take_back(files: Sequence[SealedFile]) -> None:
    for file in files:
        if file.stands():
            with naming(file.final), contextlib.suppress(FileNotFoundError):
                os.unlink(file.final)


@contextlib.contextmanager
def _telling(final: str) -> Iterator[None]:
    """Tells that another program was first."""
    try:
        with naming(final):
            yield
    except OutputError as error:
        if not isinstance(error.__cause__, FileExistsError):
            raise
        raise OutputError(
            f"{final}: could not be written, another program put a file there meanwhile; that one "
            "still stands"
        ) from error
