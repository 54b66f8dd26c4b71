"""Base of source formats whose checkpoints are one file each."""

from __future__ import annotations

from collections.abc import Iterable

from tf1compat.files.standing import exists, is_folder

__all__ = ["OneFile"]


class OneFile:
    """Base of a format whose checkpoints are single files of a suffix of their own.

    Attributes:
      also: other suffixes that its files are known by.
    """

    name: str
    suffix: str
    also: tuple[str, ...] = ()
    summary: str

    @property
    def suffixes(self) -> tuple[str, ...]:
        """All its suffixes, its own first."""
        return (self.suffix, *self.also)

    def prefix_of(self, path: str) -> str | None:
        """Returns the path itself where it has the suffix."""
        return path if path.endswith(self.suffixes) else None

    def exists(self, prefix: str) -> bool:
        """Tells whether such a file is there; what is no file there is told by opening it."""
        there = exists(prefix) and not is_folder(prefix)
        return prefix.endswith(self.suffixes) and there

    def prefixes(self, directory: str, names: list[str]) -> Iterable[str]:
        """Returns the files of these suffixes."""
        return {name for name in names if name.endswith(self.suffixes)}

    def is_directory(self, path: str) -> bool:
        """Returns False."""
        return False

    def graph_path(self, prefix: str) -> str | None:
        """Returns None: arrays have no graph."""
        return None
