"""The V2 format as one of those that checkpoints are read from."""

from __future__ import annotations

from tf1compat.checkpoint.bundle.file_names import (
    INDEX,
    graph_beside,
    prefix_of_cut_name,
    prefix_of_file,
)
from tf1compat.checkpoint.bundle.reader import Bundle
from tf1compat.files.standing import exists

__all__ = ["V2"]


class V2:
    """``PREFIX.index``, ``PREFIX.data-*``, and the graph in ``PREFIX.meta``."""

    name = "V2"
    summary = "an index and data files, by the prefix of their names"

    def prefix_of(self, path: str) -> str | None:
        """Returns the prefix that `path` is, or is a file of, be its name cut off."""
        if exists(path + INDEX):
            return path
        stem = prefix_of_file(path)
        if stem != path:
            return stem
        cut = prefix_of_cut_name(path)
        return cut if cut is not None and exists(cut + INDEX) else None

    def exists(self, prefix: str) -> bool:
        """Tells whether there is an index."""
        return exists(prefix + INDEX)

    def prefixes(self, directory: str, names: list[str]) -> set[str]:
        """Returns the stems of the indexes."""
        return {name[: -len(INDEX)] for name in names if name.endswith(INDEX)}

    def is_directory(self, path: str) -> bool:
        """Returns False: a prefix is of files."""
        return False

    def graph_path(self, prefix: str) -> str | None:
        """Returns the path of the graph that a Saver writes beside."""
        return graph_beside(prefix)

    def open(self, prefix: str) -> Bundle:
        """Reads the index."""
        return Bundle(prefix)
