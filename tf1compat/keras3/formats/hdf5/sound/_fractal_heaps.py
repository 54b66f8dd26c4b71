"""Heaps of links and of attributes, where a group or an object has many."""

from __future__ import annotations

import bisect
import struct

from tf1compat.keras3.formats.hdf5.sound._metadata import UNDEFINED, Metadata
from tf1compat.keras3.formats.hdf5.sound._newer_trees import read_records

__all__ = ["FractalHeap"]

_HEADER = struct.Struct("<4sBHHBLQQQQQQQQQQQQHQQHHQHL")
_WIDTH = 4  # blocks in a row
_WIDEST = 1 << 16  # bytes of the largest block with values
_LARGEST = 4096  # bytes of the largest value that isn't in a place of its own
_CHECKED = 2  # blocks have checksums
_HUGE = 1  # kind of the B-tree of values that have places of their own
_MANAGED_ID, _HUGE_ID = 0, 1
_BLOCK = "a block of a heap"


class FractalHeap:
    """One that HDF5 made for links or attributes: of others' sizes none is read."""

    def __init__(self, metadata: Metadata, address: int) -> None:
        what = "the header of a heap"
        header = metadata.claim_checked(address, _HEADER.size, what)
        signature, version, width, filters, flags, largest, _, huge, *rest = _HEADER.unpack(header)
        self._start, widest, self._bits, _, root, rows = rest[-7:-1]
        known = {(512, 32, 7), (1024, 40, 8)}
        fixed = (rest[-8], flags & ~1, largest, widest)
        if signature != b"FRHP" or version:
            raise metadata.damaged(f"expected {what}, found something else", address)
        if filters or (self._start, self._bits, width) not in known:
            raise metadata.damaged(
                f"{what} that HDF5 doesn't make for links or attributes", address
            )
        if fixed != (_WIDTH, _CHECKED, _LARGEST, _WIDEST):
            raise metadata.damaged(
                f"{what} that HDF5 doesn't make for links or attributes", address
            )
        self._metadata, self._address = metadata, address
        self._first_row = (self._start * _WIDTH).bit_length() - 1  # bits of what a row covers
        self._direct_rows = (_WIDEST // self._start).bit_length() + 1
        self._offset = self._bits // 8  # bytes of an offset
        self._blocks: list[tuple[int, int, int]] = []  # offset, address and size
        if root != UNDEFINED:
            self._read_blocks(root, rows)
        self._require_spaces(*rest[2:5], covered=0 if root == UNDEFINED else self._covered(rows))
        records = [] if huge == UNDEFINED else read_records(metadata, huge, kind=_HUGE)
        if rest[7:10] != [len(records), 0, 0]:
            raise metadata.damaged(f"{what} that counts other values than it has", address)
        self._huge = {
            key: (at, length) for at, length, key in (struct.unpack("<3Q", r) for r in records)
        }

    def _covered(self, rows: int) -> int:
        """Returns the bytes that so many rows of blocks have, or the one block of no row."""
        return self._start * _WIDTH << (rows - 1) if rows else self._start

    def _require_spaces(self, space: int, used: int, reached: int, *, covered: int) -> None:
        """Raises CorruptCheckpointError where a heap has other space than it says."""
        if (space, used) != (covered, sum(size for _, _, size in self._blocks)) or reached > space:
            found = "the header of a heap that counts other space than it has"
            raise self._metadata.damaged(found, self._address)

    def value(self, key: bytes) -> bytes:
        """Returns the value of an ID.

        Raises:
          CorruptCheckpointError: it leads to none.
        """
        what = "a value of a heap"
        kind = key[0] >> 4
        if kind == _HUGE_ID:
            at, length = self._huge.get(int.from_bytes(key[1:], "little"), (UNDEFINED, 0))
            return self._metadata.look(at, length, what)
        offset = int.from_bytes(key[1 : 1 + self._offset], "little")
        length = int.from_bytes(key[1 + self._offset :], "little")
        number = bisect.bisect_right(self._blocks, (offset, UNDEFINED, 0)) - 1
        if kind != _MANAGED_ID or number < 0:
            raise self._metadata.damaged("an ID that leads to no value of its heap", self._address)
        start, address, size = self._blocks[number]
        within = offset - start
        if within < self._overhead() + 4 or within + length > size:
            raise self._metadata.damaged("an ID that leads to no value of its heap", self._address)
        return self._metadata.look(address + within, length, what)

    def _overhead(self) -> int:
        """Returns the bytes before what a block has; blocks with values have a checksum beside."""
        return 13 + self._offset

    def _read_blocks(self, root: int, rows: int) -> None:
        if not rows:
            self._direct(root, 0, self._start)
            return
        waiting = [(root, 0, rows)]
        while waiting:
            address, offset, rows = waiting.pop()
            for child, start, size, row in self._indirect(address, offset, rows):
                if row < self._direct_rows:
                    self._direct(child, start, size)
                else:
                    waiting.append((child, start, size.bit_length() - self._first_row))
        self._blocks.sort()

    def _indirect(self, address: int, offset: int, rows: int) -> list[tuple[int, int, int, int]]:
        """Returns address, offset, size and row of what a block leads to."""
        if rows > self._bits - self._first_row + 1:
            raise self._metadata.damaged("a heap of more rows than it can have", self._address)
        start = self._overhead()
        data = self._block(address, start + 8 * _WIDTH * rows + 4, b"FHIB", offset)
        self._metadata.require_checksum(data[:-4], data[-4:], _BLOCK, address=address)
        found, at = [], offset
        for number, child in enumerate(struct.unpack_from(f"<{_WIDTH * rows}Q", data, start)):
            row = number // _WIDTH
            size = self._start << max(0, row - 1)
            if child != UNDEFINED:
                found.append((child, at, size, row))
            at += size
        return found

    def _direct(self, address: int, offset: int, size: int) -> None:
        data, at = self._block(address, size, b"FHDB", offset), self._overhead()
        plain = data[:at] + bytes(4) + data[at + 4 :]  # as it was when it was summed
        self._metadata.require_checksum(plain, data[at : at + 4], _BLOCK, address=address)
        self._blocks.append((offset, address, size))

    def _block(self, address: int, size: int, signature: bytes, offset: int) -> bytes:
        data = self._metadata.claim(address, size, _BLOCK)
        begin = signature + b"\0" + self._address.to_bytes(8, "little")
        if data[: self._overhead()] != begin + offset.to_bytes(self._offset, "little"):
            raise self._metadata.damaged(
                "expected a block of a heap, found something else", address
            )
        return data
