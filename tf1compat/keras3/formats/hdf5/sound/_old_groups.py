"""Groups as HDF5 first had them: a B-tree of symbol nodes, and a heap of names."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tf1compat.keras3.formats.hdf5.sound._metadata import Metadata
from tf1compat.keras3.formats.hdf5.sound._superblock import Superblock
from tf1compat.keras3.formats.hdf5.sound._trees import GROUP, read_tree

__all__ = ["read_local_heap", "read_old_group"]

_ENTRY = struct.Struct("<QQLLQQ")
_SOFT = 2  # what is noted beside the address: where the heap has what a soft link leads to
_NO_MORE = 1  # in place of the next free block of a heap


def read_old_group(
    metadata: Metadata, superblock: Superblock, *, tree: int, heap: int
) -> Iterator[int]:
    """Yields the addresses of headers that a group's links lead to.

    Raises:
      CorruptCheckpointError: its B-tree, its heap or a symbol node isn't sound.
    """
    names = read_local_heap(metadata, heap)
    most = 2 * superblock.leaf
    for address in read_tree(metadata, tree, kind=GROUP, half=superblock.internal, key=8):
        node = metadata.claim(address, 8 + _ENTRY.size * most, "a symbol node")
        signature, version, _, count = struct.unpack_from("<4sBBH", node)
        if signature != b"SNOD" or version != 1 or count > most:
            raise metadata.damaged("expected a symbol node, found something else", address)
        for entry in _ENTRY.iter_unpack(node[8 : 8 + _ENTRY.size * count]):
            name, header, cache, _, noted, _ = entry
            _require_text(metadata, names, name, heap)
            if cache == _SOFT:
                _require_text(metadata, names, noted & 0xFFFFFFFF, heap)
            else:
                yield header


def read_local_heap(metadata: Metadata, address: int) -> bytes:
    """Returns what a heap of names holds; errors as for :func:`read_old_group`."""
    header = metadata.claim(address, 32, "a heap of names")
    signature, version, size, free, where = struct.unpack("<4sB3x3Q", header)
    if signature != b"HEAP" or version:
        raise metadata.damaged("expected a heap of names, found something else", address)
    data = metadata.claim(where, size, "what a heap of names holds")
    seen: set[int] = set()
    while free != _NO_MORE:
        if free in seen or free + 16 > size:
            raise metadata.damaged("free blocks of a heap of names go round, or out", address)
        seen.add(free)
        free = struct.unpack_from("<Q", data, free)[0]
    return data


def _require_text(metadata: Metadata, names: bytes, at: int, heap: int) -> None:
    if at >= len(names) or names.find(b"\0", at) < 0:
        raise metadata.damaged(f"a name at {at} in a heap that doesn't have it", heap)
