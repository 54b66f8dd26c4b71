"""Tables of sorted keys in LevelDB's file format, read so that every byte of them is checked.

The format: https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

from __future__ import annotations

import bisect
import contextlib
import copy
import struct
from collections.abc import Iterator
from typing import NamedTuple

from tf1compat.budget import Budget, Meter
from tf1compat.checkpoint.foreign.looking import require_own
from tf1compat.checkpoint.table import crc32c
from tf1compat.checkpoint.table._snappy import uncompress, uncompressed_length
from tf1compat.checkpoint.wire import WireError, read_varint, varint
from tf1compat.errors import CorruptCheckpointError
from tf1compat.files.regular import RegularFile, open_regular

__all__ = ["MAGIC", "Record", "Table"]

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
FOOTER, TRAILER = 48, 5
# A key may repeat all but the end of the one before it. Writers spell out every 16th key, and every
# one of the index block; beside values of 20 bytes names of 100 bytes come to twice the file.
KEYS = Meter("bytes of keys", each=4, least=32 << 20)
INDEX_KEYS = Meter("bytes of its blocks' keys", each=2, least=1 << 20)
# A record of a table that TensorFlow wrote takes 20 bytes or more.
RECORDS = Meter("records", each=1 / 16, least=100_000)
UNCOMPRESSED = Meter("bytes of uncompressed blocks", each=2, least=32 << 20)
_STEP = 1 << 16  # bytes of keys that are spent together


class Handle(NamedTuple):
    """Where a block lies: its offset, and its size without the trailer of 5 bytes."""

    offset: int
    size: int


class Record(NamedTuple):
    """One key of a block with its value, a view of the block."""

    key: bytes
    value: memoryview


class Table:
    """The blocks of a table. Opening one reads its footer, its metaindex and its index block.

    Blocks must fill the file without a gap, so that no byte of it escapes the checksums.

    Raises:
      CorruptCheckpointError: naming the file and the offset.
      UnsupportedCheckpointError: it is a file of another kind that is known; the message names it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.variable: str | None = None
        with open_regular(path) as file:
            self.size, self._identity = file.size, file.identity
            budget = Budget(path, file.size)
            metaindex, index = self._footer(file)
            if any(True for _ in self._records(file, metaindex, budget=budget)):
                raise self.corrupt("the metaindex block is not empty", metaindex.offset)
            entries = list(self._records(file, index, budget=budget, keys=INDEX_KEYS))
        self._last_keys = [record.key for record in entries]
        self.handles = [self._handle(record.value, index) for record in entries]
        self._require_tiling([*self.handles, metaindex, index])

    def naming(self, variable: str) -> Table:
        """Returns this table, naming `variable` in its errors."""
        table = copy.copy(self)
        table.variable = variable
        return table

    def records(self) -> Iterator[Record]:
        """Yields all records in order, reading block after block; errors as for the class.

        Raises:
          BudgetError: there is more in them than the file's size warrants.
        """
        with self._opened() as file:
            budget = Budget(self.path, self.size)
            for place in range(len(self.handles)):
                yield from self._checked_block(file, place, budget=budget)

    def block(self, place: int, *, limit: int = 0) -> Iterator[Record]:
        """Yields the records of one block; errors as for :meth:`records`.

        A compressed block may become `limit` bytes, or as many as any block may.
        """
        with self._opened() as file:
            budget = Budget(self.path, self.size)
            yield from self._checked_block(file, place, budget=budget, limit=limit)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[RegularFile]:
        """Opens the file again, which must be the one that the index block was read of."""
        with open_regular(self.path, variable=self.variable) as file:
            if file.identity != self._identity:
                raise self.corrupt(
                    "the file was replaced or written to since it was opened; open it anew", None
                )
            yield file

    def find(self, key: bytes) -> int | None:
        """Returns the place of the one block that can hold `key`, or None where none can."""
        place = bisect.bisect_left(self._last_keys, key)
        return place if place < len(self._last_keys) else None

    def _checked_block(
        self, file: RegularFile, place: int, *, budget: Budget, limit: int = 0
    ) -> Iterator[Record]:
        """Yields a block's records; its keys must lie where the index block says."""
        offset = self.handles[place].offset
        after = self._last_keys[place - 1] if place else None
        key = None
        for record in self._records(file, self.handles[place], budget=budget, limit=limit):
            key = record.key
            if (after is not None and key <= after) or key > self._last_keys[place]:
                raise self.corrupt("a key is not in the block where it belongs", offset)
            yield record
        if key is None:
            raise self.corrupt("a block is empty", offset)

    def _footer(self, file: RegularFile) -> tuple[Handle, Handle]:
        if file.size < FOOTER:
            require_own(self.path)
            raise file.corrupt(f"{file.size} bytes are too few for a checkpoint table", 0)
        start = file.size - FOOTER
        footer = file.read(start, FOOTER)
        if footer[-8:] != MAGIC:
            require_own(self.path)
            raise file.corrupt("this does not end as a checkpoint table does", file.size - 8)
        with self._located(start):
            numbers, position = [], 0
            for _ in range(4):
                number, position = read_varint(footer, position)
                numbers.append(number)
        # the shortest encoding is the one that is written; a longer one would hide a changed byte
        expected = b"".join(map(varint, numbers)).ljust(40, b"\0") + MAGIC
        if footer != expected:
            raise self.corrupt("the footer is not as it would be written", start)
        return Handle(*numbers[:2]), Handle(*numbers[2:])

    def _handle(self, value: memoryview, index: Handle) -> Handle:
        with self._located(index.offset):
            offset, position = read_varint(value, 0)
            size, position = read_varint(value, position)
        if position != len(value):
            raise self.corrupt("the index block is malformed", index.offset)
        return Handle(offset, size)

    def _require_tiling(self, handles: list[Handle]) -> None:
        expected = 0
        for handle in handles:
            if handle.offset != expected:
                raise self.corrupt("blocks overlap, or leave bytes between them", handle.offset)
            expected += handle.size + TRAILER
        if expected != self.size - FOOTER:
            raise self.corrupt("blocks do not reach to the footer", expected)

    def _block(
        self, file: RegularFile, handle: Handle, *, budget: Budget, limit: int
    ) -> memoryview:
        """Returns a block's contents, checked against its checksum."""
        if handle.offset + handle.size + TRAILER > file.size - FOOTER:
            where = f"{handle.size} bytes at {handle.offset}"
            raise self.corrupt(f"a block of {where} would reach out of the file", None)
        data = file.read(handle.offset, handle.size + TRAILER)
        stored = int.from_bytes(data[-4:], "little")
        del data[-4:]
        if crc32c.mask(crc32c.value(data)) != stored:
            raise self.corrupt("a block's checksum is wrong: bytes were changed", handle.offset)
        kind = data.pop()
        if kind > 1:
            raise self.corrupt(f"compression {kind} is unknown", handle.offset + handle.size)
        with self._located(handle.offset):
            if not kind:
                return memoryview(data)
            length = uncompressed_length(data)
            if length > limit:
                budget.spend(UNCOMPRESSED, length)
            return memoryview(uncompress(data, limit=length))

    def _records(
        self,
        file: RegularFile,
        handle: Handle,
        *,
        budget: Budget,
        limit: int = 0,
        keys: Meter = KEYS,
    ) -> Iterator[Record]:
        with self._located(handle.offset):
            block = self._block(file, handle, budget=budget, limit=limit)
            yield from _spent(_parse(block), budget, keys=keys)

    @contextlib.contextmanager
    def _located(self, offset: int) -> Iterator[None]:
        """Gives an error of the wire format its file and its offset there."""
        try:
            yield
        except WireError as error:
            raise self.corrupt(error.message, offset + error.offset) from error

    def corrupt(self, message: str, offset: int | None) -> CorruptCheckpointError:
        """Returns the error that says what is wrong with this table, and where."""
        return CorruptCheckpointError(
            message, file=self.path, variable=self.variable, offset=offset
        )


def _spent(records: Iterator[Record], budget: Budget, *, keys: Meter) -> Iterator[Record]:
    """Yields records, counted by the many: there is one for every variable."""
    count = size = 0
    for record in records:
        count, size = count + 1, size + len(record.key)
        if size >= _STEP or count >= _STEP:
            budget.spend(keys, size)
            budget.spend(RECORDS, count)
            count = size = 0
        yield record
    budget.spend(keys, size)
    budget.spend(RECORDS, count)


def _parse(block: memoryview) -> Iterator[Record]:
    """Yields a block's records, whose keys must rise and whose restarts must be in their places.

    Restarts are records that spell out their whole key, for LevelDB to search a block by halves.
    Reading in order needs none of them, but they are bytes that could be wrong.
    """
    restarts, end = _restarts(block)
    position, seen, key = 0, 0, b""
    while position < end:
        start = position
        shared, position = read_varint(block, position)
        fresh, position = read_varint(block, position)
        length, position = read_varint(block, position)
        if fresh + length > end - position or shared > len(key):
            raise WireError("a record reaches out of its block", start)
        if seen < len(restarts) and restarts[seen] == start:
            seen += 1
            if shared:
                raise WireError("a record that should spell out its key does not", start)
        before, key = key, key[:shared] + bytes(block[position : position + fresh])
        if key <= before and start:
            raise WireError("keys are doubled or out of order", start)
        position += fresh + length
        yield Record(key, block[position - length : position])
    if seen != len(restarts) and (end or restarts != (0,)):  # a block of nothing has one, at 0
        raise WireError("a restart points at no record", end)


def _restarts(block: memoryview) -> tuple[tuple[int, ...], int]:
    """Returns a block's restart offsets, and where its records end."""
    size = len(block)
    count = int.from_bytes(block[-4:], "little") if size >= 4 else 0
    end = size - 4 - 4 * count
    if not count or end < 0:
        raise WireError("a block has no room for its restarts", 0)
    return struct.unpack_from(f"<{count}I", block, end), end
