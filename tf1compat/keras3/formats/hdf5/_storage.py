"""How an HDF5 file stores a dataset, and whether that is to be believed: before HDF5 reads it.

HDF5 makes what a header claims, opens other files where one says that values lie there, and unpacks
a chunk to whatever its bytes give.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import h5py
import numpy as np

from tf1compat.budget import Budget, Meter

__all__ = ["admit_values", "misfit", "misplaced"]

_VALUES = Meter("bytes of values", each=8, least=48 << 20)
_CHUNKS = Meter("chunks", each=1 / 16, least=10_000)
# Others unpack to what the file says, and nobody writes weights with them.
_FILTERS = (h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32)
_CHECKSUM = 4  # bytes that the last of them adds


def misplaced(properties: h5py.h5p.PropDCID) -> str:
    """Returns why a dataset isn't even looked at: its values lie in other files; "" if not."""
    if properties.get_external_count():
        to = properties.get_external(0)[0].decode(errors="replace")
        return f"its values lie in another file, {to!r} (external storage), which is never opened"
    return ""


def admit_values(
    dataset: h5py.h5d.DatasetID,
    properties: h5py.h5p.PropDCID,
    *,
    kind: np.dtype,
    nbytes: int,
    budget: Budget,
) -> str:
    """Counts what reading a dataset makes; returns why the file can't hold it, "" if it can.

    Its properties are given: HDF5 takes its time to copy them.

    Raises:
      BudgetError: it unpacks to far more than the file's size warrants.
    """
    if kind.hasobject:
        return "it holds strings of any length or references, expected numbers"
    filters = [properties.get_filter(n)[0] for n in range(properties.get_nfilters())]
    others = sorted(set(filters) - set(_FILTERS))
    if others:
        return f"its chunks are packed by the HDF5 filter {others[0]}; deflate is read alone"
    if not filters and nbytes > budget.size:
        return f"it claims {nbytes} bytes, more than the file has"
    budget.spend(_VALUES, nbytes)
    if properties.get_layout() != h5py.h5d.CHUNKED:
        return ""
    chunk = properties.get_chunk()
    counts = (-(-size // part) for size, part in zip(dataset.shape, chunk, strict=True))
    budget.spend(_CHUNKS, math.prod(counts))  # HDF5 goes through all to tell what is stored
    budget.admit(_VALUES, math.prod(chunk) * kind.itemsize)
    stored = dataset.get_storage_size()
    if not filters and not nbytes <= stored <= budget.size:
        return f"it claims {nbytes} bytes, and the file has chunks of {stored}"
    return ""


def misfit(dataset: h5py.h5d.DatasetID) -> str:
    """Returns which chunk doesn't unpack to the bytes of a chunk; "" if all do.

    HDF5 makes whatever more there is, and reads on in memory where there is less.
    """
    properties = dataset.get_create_plist()
    if properties.get_layout() != h5py.h5d.CHUNKED:
        return ""
    filters = [properties.get_filter(n)[0] for n in range(properties.get_nfilters())]
    size = math.prod(properties.get_chunk()) * dataset.get_type().get_size()
    chunks: list[h5py.h5d.StoreInfo] = []
    dataset.chunk_iter(chunks.append)
    for chunk in chunks:
        found = chunk.size
        if filters:
            mask, packed = dataset.read_direct_chunk(chunk.chunk_offset)
            found = _unpacked_size(packed, mask, filters, size)
        if found != size:
            more = "more" if found > size else "less"
            at = tuple(map(int, chunk.chunk_offset))
            return f"the chunk at {at} unpacks to {more} than the {size} bytes of a chunk"
    return ""


def _unpacked_size(packed: bytes, mask: int, filters: Sequence[int], size: int) -> int:
    """Returns how many bytes a chunk unpacks to, but for those that are too many; -1 if to none.

    Args:
      packed: the chunk as it is stored.
      mask: a bit for each filter that was left out.
      filters: in the order in which they packed it.
      size: bytes of a chunk.
    """
    most = size + _CHECKSUM * len(filters)
    for number in reversed(range(len(filters))):
        if mask & 1 << number:
            continue
        if filters[number] == h5py.h5z.FILTER_FLETCHER32:
            if len(packed) < _CHECKSUM:
                return -1
            packed = packed[:-_CHECKSUM]
        elif filters[number] == h5py.h5z.FILTER_DEFLATE:
            packed = zlib.decompressobj().decompress(packed, most + 1)
            if len(packed) > most:
                return len(packed)
    return len(packed)
