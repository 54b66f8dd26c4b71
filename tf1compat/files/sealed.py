"""Staged files that are complete, and how they take the places of older ones."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import stat
from collections.abc import Sequence

from tf1compat.errors import OutputError
from tf1compat.files._access import keep_access
from tf1compat.files._exchanging import exchange
from tf1compat.files.output_errors import BEFORE, naming, standing
from tf1compat.files.syncing import sync_directory, sync_file

__all__ = ["SealedFile", "replace_all", "seal", "settle"]


@dataclasses.dataclass(frozen=True)
class SealedFile:
    """A staged file that is complete and on the disk.

    Attributes:
      staged: where it was written.
      final: where it belongs.
      identity: its device and inode, by which it is known wherever it is.
    """

    staged: str
    final: str
    identity: tuple[int, int]

    def require_own(self) -> None:
        """Raises OutputError where something else is in its staging place, nothing, or an error."""
        with naming(self.final):
            own = self._is_at(self.staged)
        if not own:
            raise OutputError(
                f"{self.final}: could not be written, another program removed or replaced its "
                f"staged file {self.staged}; {standing(self.final)}"
            )

    def stands(self) -> bool:
        """Tells whether it is in its place."""
        return self._is_at(self.final)

    def rename(self) -> None:
        """Renames it; some network filesystems say of what they did that it failed.

        A folder can't be renamed onto anything: it changes places with what it replaces.
        """
        try:
            if os.path.lexists(self.final) and self._is_of_folders():
                exchange(self.staged, self.final)
            else:
                os.replace(self.staged, self.final)
        except OSError:
            if not self.stands():
                raise

    def _is_of_folders(self) -> bool:
        return any(stat.S_ISDIR(os.lstat(path).st_mode) for path in (self.staged, self.final))

    def _is_at(self, path: str) -> bool:
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return (status.st_dev, status.st_ino) == self.identity


def seal(staged: str, final: str) -> SealedFile:
    """Puts a staged file on the disk, with the access that the one which it replaces has.

    Raises:
      OutputError: one of both can't be done, or it is a link or the like.
    """
    with naming(final):
        status = os.lstat(staged)
        kind = stat.S_IFMT(status.st_mode)
        if kind not in (stat.S_IFREG, stat.S_IFDIR):
            raise OutputError(f"{final}: could not be written, what was staged is not a file")
        with contextlib.suppress(FileNotFoundError):
            old = os.lstat(final)
            if (
                stat.S_IFMT(old.st_mode) == kind
            ):  # a folder's rights mean other things than a file's
                keep_access(staged, old)
        sync_file(staged)
    return SealedFile(staged, final, (status.st_dev, status.st_ino))


def replace_all(files: Sequence[SealedFile]) -> None:
    """Renames files in order, the folder synced around the last, which is the commit point.

    Raises:
      OutputError: what is staged isn't ours any more, or renaming failed; it says what stands.
    """
    for file in files:
        file.require_own()
    for place, file in enumerate(files):
        with naming(file.final, stands=_standing(files[:place])):
            if place and place == len(files) - 1:
                sync_directory(os.path.dirname(file.final))
            file.rename()
    settle(files[-1].final)


def settle(final: str) -> None:
    """Puts the names of files on the disk, the last of which is `final`.

    Raises:
      OutputError: the disk fails; by then the new file stands, and the error says so.
    """
    try:
        sync_directory(os.path.dirname(final))
    except OSError as error:
        raise OutputError(
            f"{final}: the new file stands there, and it is complete, but whether it will after a "
            f"crash of the machine is not known: its folder could not be synced ({error.strerror})"
        ) from error


def _standing(renamed: Sequence[SealedFile]) -> str:
    """Returns what an error says of files of which some are in their places; "" of none."""
    names = ", ".join(os.path.basename(file.final) for file in renamed)
    return f"{BEFORE}, but for {names}, new and complete" if renamed else ""
