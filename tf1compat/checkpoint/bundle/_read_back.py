"""Written means readable: a staged bundle is read as any other before it gets its names."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np

from tf1compat.checkpoint.bundle._commit import StagedBundle
from tf1compat.checkpoint.bundle._records import BundleRecord
from tf1compat.checkpoint.bundle._strings import read_strings
from tf1compat.checkpoint.bundle.reader import Bundle
from tf1compat.checkpoint.table import crc32c
from tf1compat.errors import CheckpointError, OutputError, VerificationError
from tf1compat.files.manifest import Manifest
from tf1compat.files.regular import RegularFile, open_regular
from tf1compat.files.telling import tell

__all__ = ["require_as_meant"]

_WINDOW = 1 << 20  # bytes: small enough to still be in the cache when its checksum is taken


def require_as_meant(
    staged: StagedBundle,
    records: Sequence[tuple[bytes, bytes]],
    *,
    manifest: Manifest,
    graph: bytes | None,
) -> None:
    """Reads all of a staged bundle, a window or a string tensor in memory at a time.

    Args:
      staged: where it is.
      records: what its index should hold, in order. They have the checksums that were taken of
        the tensors before these were written.
      manifest: what its manifest should say.
      graph: what its graph should be; None where it has none.

    Raises:
      OutputError: an index, a tensor, the manifest or the graph isn't as it was meant.
    """
    try:
        wrong = _difference(staged, records, manifest) or _other_graph(staged, graph)
    except (CheckpointError, VerificationError) as error:
        wrong = str(error).replace(staged.prefix, staged.final)
    if wrong:
        raise OutputError(
            f"{staged.final}: what was written reads back otherwise, so nothing was left there; "
            f"look after the disk ({wrong})"
        )


def _difference(
    staged: StagedBundle, records: Sequence[tuple[bytes, bytes]], manifest: Manifest
) -> str:
    """Returns what isn't as it was meant, or ""; raises what the reader does where it can't be."""
    bundle = Bundle(staged.prefix)
    meant, found = dict(records[1:]), bundle.table()  # the first is the header
    if found != meant or bundle.num_shards != staged.num_shards:
        keys = sorted(key for key in {**meant, **found} if meant.get(key) != found.get(key))
        return f"another index: {len(keys)} of {len(meant)} records differ, {keys[:1]}"
    every = sorted(bundle.stored(), key=lambda record: (record.shard, record.offset))
    for shard, stored in itertools.groupby(every, key=lambda record: record.shard):
        _require_bytes(bundle.shard_path(shard), stored)
    with open(staged.manifest, encoding="utf-8") as text:
        if Manifest.from_json(text.read()) != manifest:
            return "another manifest"
    return "; ".join(map(str, bundle.check()[:3]))


def _other_graph(staged: StagedBundle, graph: bytes | None) -> str:
    if graph is None:
        return ""
    with open_regular(staged.graph) as file:
        return "" if bytes(file.read(0, file.size)) == graph else "another graph"


def _require_bytes(path: str, stored: Iterable[BundleRecord]) -> None:
    """Reads tensors of a data file; CorruptCheckpointError where a checksum is wrong."""
    window = memoryview(bytearray(_WINDOW))
    with open_regular(path) as file:
        for one in stored:
            if one.stored.is_string:
                count = math.prod(one.shape)
                read_strings(file, offset=one.offset, size=one.size, count=count, crc=one.crc)
                tell(one.size)
            elif crc32c.mask(_checksum(file, one, window)) != one.crc:
                raise file.corrupt("the checksum of a tensor is wrong", one.offset)


def _checksum(file: RegularFile, record: BundleRecord, window: memoryview) -> int:
    """Returns the CRC of a tensor's bytes, read by way of `window`."""
    crc, end = 0, record.offset + record.size
    for start in range(record.offset, end, len(window)):
        part = window[: end - start]
        file.read_into(start, part)
        crc = crc32c.extend(crc, np.frombuffer(part, np.uint8))
        tell(len(part))
    return crc
