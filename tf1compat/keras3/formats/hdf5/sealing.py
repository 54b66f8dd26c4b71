"""The digest of all that a file holds but for its weights' values, which have their own.

HDF5 has no checksums: a changed bit of a header gives other values of the same bytes, or leads to
others. Every byte of a file is in one digest or the other.
"""

from __future__ import annotations

import errno
import hashlib
import math
import os
from collections.abc import Iterable, Sequence

from tf1compat.files.dtypes import numpy_dtype
from tf1compat.files.positioned import Descriptor, Positions, bytes_at
from tf1compat.keras3.formats.hdf5.inventory import DIGITS, STRUCTURE_DATASET
from tf1compat.keras3.formats.hdf5.source import Source
from tf1compat.keras3.formats.hdf5.space import Place
from tf1compat.keras3.index.weights import Weight

__all__ = ["digest_outside", "seal", "structure_digest", "unwritten_digest"]

_WINDOW = 1 << 20


def structure_digest(source: Source) -> str:
    """Returns the digest of an open file, its weights' values and the digest itself left out."""
    known = source.inventory[1].values() if source.inventory else ()
    extents = (source.extents.get(name) for name in (*known, STRUCTURE_DATASET))
    holes = {(e.offset - source.start, e.nbytes) for e in extents if e and e.offset is not None}
    return digest_outside(source.handle, source.start, size=source.size, holes=holes)


def digest_outside(
    handle: Positions, start: int, *, size: int, holes: Iterable[tuple[int, int]]
) -> str:
    """Returns the SHA-256 of a part of a file and of where its holes are, without what these hold.

    Args:
      handle: the open file.
      start: where in it the part begins.
      size: bytes of the part.
      holes: offset in the part and bytes of each.
    """
    digest, at = hashlib.sha256(), 0
    for offset, nbytes in [*sorted(hole for hole in holes if hole[1]), (size, 0)]:
        digest.update(f"{offset}+{nbytes}\n".encode())
        while at < offset:
            data = bytes_at(handle, start + at, min(offset - at, _WINDOW))
            if not data:
                break
            digest.update(data)
            at += len(data)
        at = max(at, offset + nbytes)
    return digest.hexdigest()


def unwritten_digest(scratch: Positions, places: Sequence[Place], *holes: tuple[int, int]) -> str:
    """Returns the digest of a file whose weights are known by their places.

    Args:
      scratch: the open file, with or without the weights' values.
      places: where these go.
      holes: offset and bytes of what else is left out.
    """
    size = scratch.size
    values = [(place.offset, _nbytes(place.weight)) for place in places]
    return digest_outside(scratch, 0, size=size, holes=[*values, *holes])


def seal(path: str, places: Sequence[Place], *, offset: int) -> str:
    """Puts the digest of an HDF5 file with a manifest where it goes; returns it."""
    with open(path, "r+b", buffering=0) as file:
        digest = unwritten_digest(Descriptor(file), places, (offset, DIGITS))
        if os.pwrite(file.fileno(), digest.encode(), offset) != DIGITS:
            raise OSError(errno.EIO, "the digest wasn't written whole", path)
    return digest


def _nbytes(weight: Weight) -> int:
    return math.prod(weight.shape) * numpy_dtype(weight.dtype).itemsize
