"""Files around inputs: checksums that are right, and damage to a file that is known.

A format with checksums refuses nearly all that a fuzzer makes up before its parser has begun. So
targets take what lies within the checksums, and put it into a file that has the right ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tf1compat.checkpoint.table import crc32c
from tf1compat.checkpoint.table.reader import MAGIC
from tf1compat.checkpoint.wire import varint

EMPTY_BLOCK = b"\0\0\0\0\1\0\0\0"
_FOOTER = 48


def stored(block: bytes, kind: int = 0) -> bytes:
    """Returns a table's block with its kind and its checksum."""
    typed = block + bytes([kind])
    return typed + crc32c.mask(crc32c.value(typed)).to_bytes(4, "little")


def table_of(block: bytes, kind: int = 0) -> bytes:
    """Returns a table of one block, whatever that holds, with all that belongs around it."""
    last, handle = b"\xff" * 9, varint(0) + varint(len(block))
    index = varint(0) + varint(len(last)) + varint(len(handle)) + last + handle + EMPTY_BLOCK
    body = stored(block, kind)
    handles = varint(len(body)) + varint(8) + varint(len(body) + 13) + varint(len(index))
    out = body + stored(EMPTY_BLOCK) + stored(index)
    return out + handles.ljust(40, b"\0") + MAGIC


def sealed(data: bytes) -> bytes:
    """Returns a table's file with right checksums of those blocks that its footer leads to."""
    out = bytearray(data)
    handles = _handles(data[-_FOOTER:])
    for offset, size in handles:
        _seal(out, offset, size)
    for offset, size in handles[1:2]:
        for value in _values(data[offset : offset + size]):
            for handle in _handles(value)[:1]:
                _seal(out, *handle)
    return bytes(out)


def _seal(out: bytearray, offset: int, size: int) -> None:
    if offset >= 0 and offset + size + 5 <= len(out) - _FOOTER:
        out[offset : offset + size + 5] = stored(
            bytes(out[offset : offset + size]), out[offset + size]
        )


def _handles(data: bytes) -> list[tuple[int, int]]:
    numbers = list(itertools.islice(_varints(data), 4))
    return list(zip(numbers[::2], numbers[1::2], strict=False))


def _varints(data: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0


def _values(block: bytes) -> Iterator[bytes]:
    """Yields the values of an index block, as long as they make sense."""
    position = 0
    while position < len(block):
        lengths = list(itertools.islice(_varints(block[position : position + 15]), 3))
        if len(lengths) < 3 or sum(lengths[1:]) > len(block):
            return
        position += sum(len(varint(length)) for length in lengths) + lengths[1]
        yield block[position : position + lengths[2]]
        position += lengths[2]


def damaged(whole: bytes, data: bytes) -> bytes:
    """Returns `whole` after the damage that `data` says, of at most 32 bits in a row.

    That much a CRC of 32 bits always notices, so that whoever forges one isn't met by chance.
    """
    offset = int.from_bytes(data[:3], "little") % len(whole)
    mask = data[3:7]
    there = whole[offset : offset + len(mask)]
    changed = bytes(a ^ b for a, b in zip(there, mask, strict=False))
    return whole[:offset] + changed + whole[offset + len(changed) :]


def bursts(whole: bytes, step: int) -> list[bytes]:
    """Returns inputs of :func:`damaged` at every `step`-th byte."""
    return [
        offset.to_bytes(3, "little") + bytes([1 << offset % 8])
        for offset in range(0, len(whole), step)
    ]
