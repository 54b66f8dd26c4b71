"""Links and attributes as messages have them, in headers and in heaps; B-trees of heaps' IDs."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tf1compat.keras3.formats.hdf5.sound._fractal_heaps import FractalHeap
from tf1compat.keras3.formats.hdf5.sound._metadata import UNDEFINED, Metadata
from tf1compat.keras3.formats.hdf5.sound._newer_trees import read_records

__all__ = ["dense_attributes", "dense_links", "target"]

_LINKS_BY_NAME, _LINKS_IN_ORDER, _ATTRIBUTES_BY_NAME, _ATTRIBUTES_IN_ORDER = 5, 6, 8, 9
_HARD = 0
_KINDS = (_HARD, 1, 64)  # soft ones, and those to other files


def target(metadata: Metadata, body: bytes, *, address: int) -> int | None:
    """Returns where a hard link leads to; None for other links.

    Raises:
      CorruptCheckpointError: the link is cut off.
    """
    version, flags = body[:2] if len(body) > 1 else (0, 0)
    at = 2
    kind = body[at] if flags & 8 and len(body) > at else _HARD
    at += (1 if flags & 8 else 0) + (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    encoding = body[at - 1 : at] if flags & 16 else b"\0"
    width = 1 << (flags & 3)
    name = int.from_bytes(body[at : at + width], "little")
    at += width + name
    rest = 8 if kind == _HARD else 2 + int.from_bytes(body[at : at + 2], "little")
    known = version == 1 and flags < 32 and kind in _KINDS and encoding in (b"\0", b"\1")
    # What HDF5 doesn't know of a link has it free its memory twice.
    if not known or not name or rest < 3 or at + rest > len(body):
        raise metadata.damaged("a link that is cut off, or of no known kind", address)
    return struct.unpack_from("<Q", body, at)[0] if kind == _HARD else None


def dense_links(metadata: Metadata, body: bytes, *, address: int) -> Iterator[bytes]:
    """Yields the links, as messages, of a group that has many; `body` says where they are.

    Raises:
      CorruptCheckpointError: the heap that they lie in, or a B-tree of theirs, isn't sound.
    """
    at = 10 if body[1:2] and body[1] & 1 else 2
    if len(body) < at + 16 + (8 if body[1] & 2 else 0):
        raise metadata.damaged("a group whose links are nowhere", address)
    heap, *trees = struct.unpack_from("<3Q" if body[1] & 2 else "<2Q", body, at)
    kinds = (_LINKS_BY_NAME, _LINKS_IN_ORDER)
    yield from _values(metadata, heap, dict(zip(kinds, trees, strict=False)))


def dense_attributes(metadata: Metadata, body: bytes, *, address: int) -> Iterator[bytes]:
    """Yields the attributes, as messages, of an object that has many; as :func:`dense_links`."""
    at = 4 if body[1:2] and body[1] & 1 else 2
    if len(body) < at + 16 + (8 if body[1] & 2 else 0):
        raise metadata.damaged("an object whose attributes are nowhere", address)
    heap, *trees = struct.unpack_from("<3Q" if body[1] & 2 else "<2Q", body, at)
    kinds = (_ATTRIBUTES_BY_NAME, _ATTRIBUTES_IN_ORDER)
    yield from _values(metadata, heap, dict(zip(kinds, trees, strict=False)))


def _values(metadata: Metadata, heap: int, trees: dict[int, int]) -> Iterator[bytes]:
    if heap == UNDEFINED:
        if any(tree != UNDEFINED for tree in trees.values()):
            raise metadata.damaged("a B-tree of names without their heap", min(trees.values()))
        return
    values, seen = FractalHeap(metadata, heap), set[bytes]()
    for kind, tree in trees.items():
        if tree == UNDEFINED:
            continue
        for record in read_records(metadata, tree, kind=kind):
            key = _key(record, kind)
            if kind in (_ATTRIBUTES_BY_NAME, _ATTRIBUTES_IN_ORDER) and record[8] & 2:
                raise metadata.damaged("an attribute that is shared", tree)
            if key not in seen:
                seen.add(key)
                yield values.value(key)


def _key(record: bytes, kind: int) -> bytes:
    """Returns the heap's ID of a record."""
    if kind == _LINKS_BY_NAME:
        return record[4:11]
    return record[8:15] if kind == _LINKS_IN_ORDER else record[:8]
