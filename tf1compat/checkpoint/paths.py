"""Which files a checkpoint is made of, and what they are called."""

from __future__ import annotations

import os
import re

from tf1compat.errors import CorruptCheckpointError

__all__ = ["data_path", "exists", "prefix_of", "prefixes", "v1_files"]

_SUFFIX = re.compile(r"\.(index|meta|data-\d{5,}-of-\d{5,}|manifest\.json)$")
_V1_SHARD = re.compile(r"(.*)-(\d{5}|\?{5})-of-(\d{5})$", re.DOTALL)


def data_path(prefix: str, *, shard: int, num_shards: int) -> str:
    """Returns the path of one shard.

    >>> data_path("m/model.ckpt", shard=0, num_shards=2)
    'm/model.ckpt.data-00000-of-00002'
    """
    return f"{prefix}.data-{shard:05d}-of-{num_shards:05d}"


def prefix_of(path: str) -> str:
    """Returns the prefix that one of a checkpoint's files belongs to; a prefix is its own.

    >>> prefix_of("model.ckpt-7.data-00000-of-00001"), prefix_of("v1-00001-of-00003")
    ('model.ckpt-7', 'v1')
    """
    if os.path.lexists(path + ".index"):
        return path
    stem = _SUFFIX.sub("", path)
    shard = _V1_SHARD.fullmatch(stem)
    return shard[1] if shard and not os.path.lexists(stem + ".index") else stem


def exists(prefix: str) -> bool:
    """Tells whether a checkpoint, of either format, goes by this prefix."""
    if os.path.lexists(prefix + ".index"):
        return True
    if os.path.lexists(prefix):
        return not os.path.isdir(prefix)
    return bool(_v1_shards(prefix))


def prefixes(directory: str) -> tuple[str, ...]:
    """Returns the names of the checkpoints in a directory, sorted: V2 ones, and sharded V1."""
    found = set()
    for name in _listed(directory):
        shard = _V1_SHARD.fullmatch(name)
        if name.endswith(".index"):
            found.add(name[: -len(".index")])
        elif shard and ".data" not in name:
            found.add(shard[1])
        elif name.endswith(".meta") and os.path.isfile(os.path.join(directory, name[:-5])):
            found.add(name[:-5])
    return tuple(sorted(found))


def v1_files(prefix: str) -> tuple[str, ...]:
    """Returns the files of a V1 checkpoint: one of that name, or its shards.

    Raises:
      CorruptCheckpointError: shards are missing, or of two different countings.
    """
    if os.path.lexists(prefix):
        return (prefix,)
    shards = _v1_shards(prefix)
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


def _v1_shards(prefix: str) -> list[tuple[int, int]]:
    """Returns (number, how many in all) of each shard that a V1 prefix has."""
    directory, base = os.path.split(prefix)
    found = []
    for name in _listed(directory):
        shard = _V1_SHARD.fullmatch(name)
        if shard and shard[1] == base and "?" not in shard[2]:
            found.append((int(shard[2]), int(shard[3])))
    return sorted(found)


def _listed(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory or "."))
    except OSError:
        return []
