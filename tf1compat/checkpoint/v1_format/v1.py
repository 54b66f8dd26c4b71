"""The V1 format as one of those that checkpoints are read from, and what its files are called."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from tf1compat.checkpoint.bundle.file_names import META, graph_beside
from tf1compat.errors import CorruptCheckpointError
from tf1compat.files.standing import exists, is_file, is_folder, names_in

if TYPE_CHECKING:
    from tf1compat.checkpoint.v1_format._reader import TableIndex

__all__ = ["V1"]

# A Saver with sharded=True also takes, and its state file names, the pattern with question marks.
_SHARD = re.compile(r"(.*)-(\d{5}|\?{5})-of-(\d{5})$", re.DOTALL)


class V1:
    """One file called as the checkpoint is, or ``PREFIX-NNNNN-of-NNNNN``; any file may be one."""

    name = "V1"
    summary = "one file, or shards by the prefix of their names"

    def prefix_of(self, path: str) -> str | None:
        """Returns the prefix of a shard, or of the pattern for all; no other name tells."""
        shard = _SHARD.fullmatch(path)
        return shard[1] if shard else None

    def exists(self, prefix: str) -> bool:
        """Tells whether there is a file of that name, or a shard."""
        if exists(prefix):
            return not is_folder(prefix)
        return bool(_shards(prefix))

    def prefixes(self, directory: str, names: list[str]) -> set[str]:
        """Returns the prefixes of shards, and the files that have a graph beside them."""
        found = set()
        for name in names:
            shard = _SHARD.fullmatch(name)
            if shard and ".data" not in name:  # V2 counts its shards in the same way
                found.add(shard[1])
            elif name.endswith(META):
                stem = name[: -len(META)]
                found |= {stem} if is_file(os.path.join(directory, stem)) else set()
        return found

    def is_directory(self, path: str) -> bool:
        """Returns False: a checkpoint is files."""
        return False

    def graph_path(self, prefix: str) -> str | None:
        """Returns the path of the graph that a Saver writes beside."""
        return graph_beside(prefix)

    def open(self, prefix: str) -> TableIndex:
        """Reads what each file says it holds."""
        from tf1compat.checkpoint.v1_format._reader import TableIndex  # what isn't read waits

        return TableIndex(_files(prefix))


def _files(prefix: str) -> tuple[str, ...]:
    """Returns the files of a V1 checkpoint: one of that name, or its shards.

    Raises:
      CorruptCheckpointError: shards are missing, or of two different countings.
    """
    if exists(prefix):
        return (prefix,)
    shards = _shards(prefix)
    totals = sorted({total for _, total in shards})
    if len(totals) != 1:
        raise CorruptCheckpointError(
            f"expected the shards of one checkpoint, found shards of {totals} in all", file=prefix
        )
    paths = {number: f"{prefix}-{number:05d}-of-{totals[0]:05d}" for number, _ in shards}
    missing = [number for number in range(totals[0]) if number not in paths]
    if missing:
        raise CorruptCheckpointError(
            f"{len(missing)} of {totals[0]} shards are missing, the first is shard {missing[0]}; "
            "which variables a V1 checkpoint holds is told by all of them",
            file=f"{prefix}-{missing[0]:05d}-of-{totals[0]:05d}",
        )
    return tuple(paths[number] for number in range(totals[0]))


def _shards(prefix: str) -> list[tuple[int, int]]:
    """Returns (number, how many in all) of each shard that a prefix has."""
    directory, base = os.path.split(prefix)
    try:
        names = names_in(directory)
    except OSError:
        return []
    found = []
    for name in names:
        shard = _SHARD.fullmatch(name)
        if shard and shard[1] == base and "?" not in shard[2]:
            found.append((int(shard[2]), int(shard[3])))
    return sorted(found)
