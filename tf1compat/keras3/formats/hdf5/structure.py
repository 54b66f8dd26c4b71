"""The digest of all that a file holds but for its weights' values, which have their own.

HDF5 has no checksums: a changed bit of a header gives other values of the same bytes, or leads to
others. Every byte of a file is in one digest or the other.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

from tf1compat.keras3.formats.hdf5.inventory import STRUCTURE_DATASET
from tf1compat.keras3.formats.hdf5.source import Handle, Source, open_source

__all__ = ["digest_outside", "seal", "structure_digest"]

_WINDOW = 1 << 20


def structure_digest(source: Source) -> str:
    """Returns the digest of an open file, its weights' values and the digest itself left out."""
    known = source.inventory[1].values() if source.inventory else ()
    extents = (source.extents.get(name) for name in (*known, STRUCTURE_DATASET))
    holes = {(e.offset - source.start, e.nbytes) for e in extents if e and e.offset is not None}
    return digest_outside(source.handle, source.start, size=source.size, holes=holes)


def digest_outside(
    handle: Handle, start: int, *, size: int, holes: Iterable[tuple[int, int]]
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
            data = os.pread(handle.fileno(), min(offset - at, _WINDOW), start + at)
            if not data:
                break
            digest.update(data)
            at += len(data)
        at = max(at, offset + nbytes)
    return digest.hexdigest()


def seal(path: str) -> str:
    """Puts the digest of an HDF5 file with a manifest in its place; returns it."""
    source = open_source(path)
    digest = structure_digest(source)
    offset = source.extents[STRUCTURE_DATASET].offset
    if offset is None:
        raise OSError("the place of the digest can't be found again")
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.pwrite(handle, digest.encode(), offset)
    finally:
        os.close(handle)
    return digest
