"""safetensors as one of the formats that checkpoints are read from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tf1compat.checkpoint.raw_part import RawPart, whole_region
from tf1compat.checkpoint.safetensors_format._header import Header, read_header
from tf1compat.checkpoint.safetensors_format._sharded_index import read_shards
from tf1compat.checkpoint.stored_types import StoredType
from tf1compat.errors import CheckpointError
from tf1compat.files.standing import exists

__all__ = ["Safetensors", "SafetensorsIndex"]

_ONE, _INDEX = ".safetensors", ".safetensors.index.json"
_SHARD = re.compile(r"(?P<stem>.+)-\d{5}-of-\d{5}\.safetensors", re.DOTALL)


class Safetensors:
    """``NAME.safetensors``, or ``NAME.safetensors.index.json`` and the files that it names."""

    name = "safetensors"
    suffixes = (_ONE, _INDEX)
    summary = f"a {_ONE} file, or the {_INDEX} of several; without checksums"

    def prefix_of(self, path: str) -> str | None:
        """Returns the path itself, or the index that a shard belongs to."""
        shard = _SHARD.fullmatch(path)
        if shard and exists(index := shard["stem"] + _INDEX):
            return index
        return path if path.endswith((_ONE, _INDEX)) else None

    def exists(self, prefix: str) -> bool:
        """Tells whether such a file is there."""
        return prefix.endswith((_ONE, _INDEX)) and exists(prefix)

    def prefixes(self, directory: str, names: list[str]) -> set[str]:
        """Returns files and indexes; not the shards of an index."""
        found = {name for name in names if name.endswith((_ONE, _INDEX))}
        shards = {name: match for name in found if (match := _SHARD.fullmatch(name))}
        return found - {name for name, match in shards.items() if match["stem"] + _INDEX in found}

    def is_directory(self, path: str) -> bool:
        """Returns False: a checkpoint is files."""
        return False

    def graph_path(self, prefix: str) -> str | None:
        """Returns None: tensors have no graph."""
        return None

    def open(self, prefix: str) -> SafetensorsIndex:
        """Reads what each file says it holds."""
        if prefix.endswith(_INDEX):
            return SafetensorsIndex(read_shards(prefix), index=prefix)
        return SafetensorsIndex([read_header(prefix)])


class SafetensorsIndex:
    """The tensors of one file, or of several and the index that says which.

    Attributes:
      headers: what each file says it holds.
    """

    def __init__(self, shards: Sequence[Header], *, index: str | None = None) -> None:
        first = () if index is None else (index,)
        self.headers = tuple(shards)
        self._files = (*first, *(shard.file.path for shard in shards))
        places = {name: shard for shard in shards for name in shard.tensors}
        self._shards = {name: places[name] for name in sorted(places, key=str.encode)}

    def names(self) -> tuple[str, ...]:
        """Returns the tensors' names, sorted by their bytes."""
        return tuple(self._shards)

    def lookup(self, name: str) -> tuple[StoredType, tuple[int, ...], tuple[RawPart, ...]]:
        """Returns dtype, shape and the one piece of a tensor; KeyError where there is none."""
        shard = self._shards[name]
        stored, shape, begin, end = shard.tensors[name]
        part = RawPart(whole_region(shape), shard.file, begin, end - begin, stored)
        return stored, shape, (part,)

    def files(self) -> tuple[str, ...]:
        """Returns the paths of its files."""
        return self._files

    def check(self) -> list[CheckpointError]:
        """Returns nothing: opening it has looked at all but the values."""
        return []
