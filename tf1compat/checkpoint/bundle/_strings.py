"""String tensors as bundles store them: lengths, a checksum of the lengths, then all bytes."""

from __future__ import annotations

import numpy as np

from tf1compat.checkpoint.table import crc32c
from tf1compat.checkpoint.wire import WireError, read_varint, varint
from tf1compat.files.regular import RegularFile

__all__ = ["encode_strings", "read_strings"]

_WIDE = 1 << 32  # lengths from here on enter the checksum as 8 bytes instead of 4


def read_strings(file: RegularFile, *, offset: int, size: int, count: int, crc: int) -> np.ndarray:
    """Returns the `count` strings stored in `size` bytes from `offset`: a flat object array.

    Raises:
      CorruptCheckpointError: the lengths don't add up, or a checksum is wrong.
    """
    data = file.read(offset, size)
    try:
        lengths, position = _lengths(data, count)
    except WireError as error:
        raise file.corrupt(error.message, offset + error.offset) from error
    total = sum(lengths)
    if position + 4 + total != size:
        held = f"{size - position - 4} bytes are stored"
        raise file.corrupt(f"the strings' lengths sum to {total}, {held}", offset)
    # `WriteStringTensor`: lengths, the masked checksum of the lengths, then the strings.
    running = crc32c.value(_checksummed(lengths))
    stored = bytes(data[position : position + 4])
    if crc32c.mask(running) != int.from_bytes(stored, "little"):
        raise file.corrupt("the checksum of the strings' lengths is wrong", offset + position)
    # The tensor's own checksum is of the stored one, masked as it is, and of the strings.
    body = memoryview(data)[position + 4 :]
    if (
        crc32c.mask(crc32c.extend(crc32c.extend(running, stored), np.frombuffer(body, np.uint8)))
        != crc
    ):
        raise file.corrupt("the strings' checksum is wrong: bytes were changed", offset)
    return _cut(body, lengths)


def encode_strings(values: list[bytes]) -> tuple[bytes, int]:
    """Returns what is stored before the strings' own bytes, and the masked CRC of it all."""
    lengths = [len(value) for value in values]
    checked = crc32c.value(_checksummed(lengths))
    stored = crc32c.mask(checked).to_bytes(4, "little")
    crc = crc32c.extend(checked, stored)
    for value in values:
        crc = crc32c.extend(crc, value)
    return b"".join(map(varint, lengths)) + stored, crc32c.mask(crc)


def _lengths(data: bytearray, count: int) -> tuple[list[int], int]:
    if count > len(data):
        raise WireError(f"{count} strings can't be in {len(data)} bytes", 0)
    lengths, position = [], 0
    for _ in range(count):
        length = data[position] if position < len(data) else 0x80
        if length < 0x80:
            position += 1
        else:
            length, position = read_varint(data, position)
        lengths.append(length)
    return lengths, position


def _checksummed(lengths: list[int]) -> bytes:
    """Returns the bytes that the checksum of the lengths is taken of."""
    if not lengths or max(lengths) < _WIDE:
        return np.array(lengths, "<u4").tobytes()
    return b"".join(n.to_bytes(4 if n < _WIDE else 8, "little") for n in lengths)


def _cut(body: memoryview, lengths: list[int]) -> np.ndarray:
    out = np.empty(len(lengths), object)
    position = 0
    for place, length in enumerate(lengths):
        out[place] = bytes(body[position : position + length])
        position += length
    return out
