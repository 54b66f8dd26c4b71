"""Writes tables of sorted keys in LevelDB's file format, byte for byte as TensorFlow does."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from tf1compat.checkpoint.table import crc32c
from tf1compat.checkpoint.table.reader import MAGIC
from tf1compat.checkpoint.wire import varint

__all__ = ["table_bytes"]

_BLOCK = 262144  # bytes, from which on a block is closed: TensorFlow's, not LevelDB's 4096
_RESTART = 16  # keys from one that is spelled out to the next


class _Block:
    """A block being filled: keys without what they share with the one before, and values."""

    def __init__(self, restart: int) -> None:
        self._restart = restart
        self._data = bytearray()
        self._restarts = [0]
        self._count = 0
        self.last_key = b""

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self._count and self._count % self._restart == 0:
            self._restarts.append(len(self._data))
        elif self._count:
            shared = _shared(self.last_key, key)
        self._data += varint(shared) + varint(len(key) - shared) + varint(len(value))
        self._data += key[shared:] + value
        self._count += 1
        self.last_key = key

    def size(self) -> int:
        return len(self._data) + 4 * len(self._restarts) + 4

    def finished(self) -> bytes:
        count = len(self._restarts)
        return bytes(self._data) + struct.pack(f"<{count + 1}I", *self._restarts, count)


def table_bytes(records: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Yields the bytes of a table of (key, value) pairs, whose keys must rise, uncompressed."""
    index = _Block(1)  # every key spelled out, as LevelDB has it for blocks that are searched
    block, offset = _Block(_RESTART), 0
    pending: tuple[bytes, bytes] | None = None
    for key, value in records:
        if pending:  # a block is indexed when the next key is known: by any short key between
            index.add(_separator(pending[0], key), pending[1])
            pending = None
        block.add(key, value)
        if block.size() >= _BLOCK:
            data = block.finished()
            pending = (key, varint(offset) + varint(len(data)))
            yield _stored(data)
            offset += len(data) + 5
            block = _Block(_RESTART)
    if block.last_key or not pending:
        data = block.finished()
        pending = (block.last_key, varint(offset) + varint(len(data)))
        yield _stored(data)
        offset += len(data) + 5
    index.add(_successor(pending[0]), pending[1])
    yield from _ending(index.finished(), offset)


def _ending(index: bytes, offset: int) -> Iterator[bytes]:
    """Yields the empty metaindex block, the index block and the footer."""
    metaindex = _Block(_RESTART).finished()
    yield _stored(metaindex)
    yield _stored(index)
    handles = varint(offset) + varint(len(metaindex))
    handles += varint(offset + len(metaindex) + 5) + varint(len(index))
    yield handles.ljust(40, b"\0") + MAGIC


def _stored(data: bytes) -> bytes:
    """Returns a block with its trailer: compression (none) and checksum."""
    typed = data + b"\0"
    return typed + crc32c.mask(crc32c.value(typed)).to_bytes(4, "little")


def _shared(one: bytes, other: bytes) -> int:
    """Returns how many bytes two keys begin with alike."""
    size = min(len(one), len(other))
    if one[:size] == other[:size]:
        return size
    return next(place for place in range(size) if one[place] != other[place])


def _separator(before: bytes, after: bytes) -> bytes:
    """Returns a short key from `before` up to, but not including, `after`."""
    shared = _shared(before, after)
    if shared < min(len(before), len(after)):
        raised = before[shared] + 1
        if raised < after[shared]:
            return before[:shared] + bytes([raised])
    return before


def _successor(key: bytes) -> bytes:
    """Returns a short key that is not below `key`."""
    for place, byte in enumerate(key):
        if byte != 0xFF:
            return key[:place] + bytes([byte + 1])
    return key
