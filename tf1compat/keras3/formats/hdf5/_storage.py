"""How an HDF5 file stores a dataset, and whether that is to be believed: before HDF5 reads it.

HDF5 makes what a header claims, opens other files where one says that values lie there, and unpacks
a chunk to whatever its bytes give.
"""

from __future__ import annotations

import math
import zlib

import h5py
import numpy as np

from tf1compat.budget import Budget, Meter

__all__ = ["admit_values", "misplaced", "overfull"]

_VALUES = Meter("bytes of values", each=8, least=48 << 20)
_CHUNKS = Meter("chunks", each=1 / 16, least=10_000)
# Others unpack to what the file says, and nobody writes weights with them.
_FILTERS = (h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32)


def misplaced(properties: h5py.h5p.PropDCID) -> str:
    """Returns why a dataset isn't even looked at: its values lie in other files; "" if not.

    The shape of a virtual dataset can be that of what it shows: HDF5 opens that to tell.
    """
    if properties.get_layout() == h5py.h5d.VIRTUAL:
        return "it shows values of other files (a virtual dataset), which are never opened"
    if properties.get_external_count():
        to = properties.get_external(0)[0].decode(errors="replace")
        return f"its values lie in another file, {to!r} (external storage), which is never opened"
    return ""


def admit_values(
    dataset: h5py.h5d.DatasetID, kind: np.dtype, *, nbytes: int, budget: Budget
) -> str:
    """Counts what reading a dataset makes; returns why the file can't hold it, "" if it can.

    Raises:
      BudgetError: it unpacks to far more than the file's size warrants.
    """
    if kind.hasobject:
        return "it holds strings of any length or references, expected numbers"
    properties = dataset.get_create_plist()
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


def overfull(dataset: h5py.h5d.DatasetID, kind: np.dtype) -> str:
    """Returns which chunk unpacks to more than a chunk is, which HDF5 would make; "" if none."""
    properties = dataset.get_create_plist()
    filters = [properties.get_filter(n)[0] for n in range(properties.get_nfilters())]
    if h5py.h5z.FILTER_DEFLATE not in filters:
        return ""
    at = filters.index(h5py.h5z.FILTER_DEFLATE)
    if filters[at + 1 :] not in ([], [h5py.h5z.FILTER_FLETCHER32]):
        return "its chunks are packed twice"
    size = math.prod(properties.get_chunk()) * kind.itemsize
    for number in range(dataset.get_num_chunks()):
        place = dataset.get_chunk_info(number).chunk_offset
        mask, packed = dataset.read_direct_chunk(place)
        if mask & 1 << at:  # this one isn't packed
            continue
        if len(zlib.decompressobj().decompress(packed, size + 1)) > size:
            return f"the chunk at {place} unpacks to more than the {size} bytes of a chunk"
    return ""
