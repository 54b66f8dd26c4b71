"""The second kind of B-trees: records of one size, in leaves and between the children of nodes."""

from __future__ import annotations

import struct

from tf1compat.keras3.formats.hdf5.sound._metadata import UNDEFINED, Metadata

__all__ = ["encoded_bytes", "read_records"]

_WHAT = "a node of a B-tree"
_AROUND = 10  # bytes of a node that are no records: signature, version, type, checksum
_DEEPEST = 16  # with two children a node, more than any file has records
_WIDEST = 1 << 16  # bytes of a node
_HEADER = struct.Struct("<4sBBLHHBBQHQ")


def read_records(metadata: Metadata, address: int, *, kind: int) -> list[bytes]:
    """Returns the records of a tree, in no order.

    Args:
      metadata: of the file.
      address: of the tree's header.
      kind: of the tree, the number that its nodes have.

    Raises:
      CorruptCheckpointError: a node is reached twice, or isn't of the kind, level or number of
        records that its parent says.
    """
    what = "the header of a B-tree"
    header = metadata.claim_checked(address, _HEADER.size + 4, what)
    signature, version, of, size, width, depth, _, _, root, count, total = _HEADER.unpack_from(
        header
    )
    if signature != b"BTHD" or version or of != kind:
        raise metadata.damaged(f"expected {what} of type {kind}, found something else", address)
    if not (0 < width <= size // 2 and size <= _WIDEST and depth <= _DEEPEST):
        raise metadata.damaged("a B-tree with nodes of no such size, or too deep", address)
    if root == UNDEFINED:
        if count or total:
            raise metadata.damaged("a B-tree that has records, and no node", address)
        return []
    records = _Nodes(metadata, kind, size=size, width=width, depth=depth).read(root, count)
    if len(records) != total:
        raise metadata.damaged(f"a B-tree of {len(records)} records that says {total}", address)
    return records


def encoded_bytes(most: int) -> int:
    """Returns in how many bytes HDF5 writes numbers up to this one.

    >>> encoded_bytes(255), encoded_bytes(256)
    (1, 2)
    """
    return (max(most, 1).bit_length() - 1) // 8 + 1


class _Nodes:
    """How nodes of each level are laid out: those of level 0 are leaves."""

    def __init__(self, metadata: Metadata, kind: int, *, size: int, width: int, depth: int) -> None:
        self._metadata, self._kind, self._size, self._width = metadata, kind, size, width
        self._depth = depth
        self._most = [(size - _AROUND) // width]  # records of a node
        self._totals = [0]  # bytes of the number of all records below a child of this level
        self._counted = encoded_bytes(self._most[0])  # bytes of the number of a child's own
        below = self._most[0]
        for level in range(1, depth + 1):
            pointer = self._pointer(level)
            most = (size - _AROUND - pointer) // (width + pointer)
            self._most.append(most)
            below = (most + 1) * below + most
            self._totals.append(encoded_bytes(below))

    def read(self, root: int, count: int) -> list[bytes]:
        """Returns all records below a node."""
        level, nodes, records = self._depth, [(root, count)], list[bytes]()
        while True:
            children: list[tuple[int, int]] = []
            for address, own in nodes:
                data = self._node(address, own, level)
                end = 6 + own * self._width
                records += [data[at : at + self._width] for at in range(6, end, self._width)]
                if level:
                    children += self._children(data, end, count=own + 1, level=level)
            if not level:
                return records
            nodes, level = children, level - 1

    def _pointer(self, level: int) -> int:
        """Returns the bytes by which a node of a level leads to a child."""
        return 8 + self._counted + self._totals[level - 1]

    def _node(self, address: int, count: int, level: int) -> bytes:
        data = self._metadata.claim(address, self._size, _WHAT)
        signature = b"BTIN" if level else b"BTLF"
        if data[:4] != signature or data[4] or data[5] != self._kind:
            found = f"expected {_WHAT} of level {level}, found something else"
            raise self._metadata.damaged(found, address)
        if not count <= self._most[level]:
            raise self._metadata.damaged(f"{_WHAT} with too many records", address)
        used = 6 + count * self._width + ((count + 1) * self._pointer(level) if level else 0)
        said = data[used : used + 4]
        self._metadata.require_checksum(data[:used], said, _WHAT, address=address)
        return data

    def _children(self, data: bytes, at: int, *, count: int, level: int) -> list[tuple[int, int]]:
        step = self._pointer(level)
        return [
            (
                int.from_bytes(data[start : start + 8], "little"),
                int.from_bytes(data[start + 8 : start + 8 + self._counted], "little"),
            )
            for start in range(at, at + count * step, step)
        ]
