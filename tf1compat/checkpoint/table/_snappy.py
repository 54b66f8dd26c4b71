"""Decompression of raw Snappy blocks, which TensorFlow 1's V1 checkpoints are made of.

The format: https://github.com/google/snappy/blob/main/format_description.txt
"""

from __future__ import annotations

from tf1compat.checkpoint.wire import Buffer, WireError, read_varint

__all__ = ["uncompress", "uncompressed_length"]

_RATIO = 22  # a 3-byte copy gives 64 bytes: no stream can grow by more
_LENGTH = 5  # bytes that the length takes at most: it has 32 bits


def uncompress(data: Buffer, *, limit: int) -> bytearray:
    """Returns what `data` was compressed from, which may not be more than `limit` bytes.

    Raises:
      WireError: `data` isn't a Snappy block, or doesn't give the length that it claims.
    """
    expected = uncompressed_length(data)
    if expected > limit:
        raise WireError(f"{len(data)} compressed bytes claim to give {expected}", 0)
    _, position = read_varint(data, 0)
    out = bytearray()
    while position < len(data):
        position = _element(data, position, out=out)
        if len(out) > expected:
            raise WireError(
                f"compressed data give more than the {expected} bytes claimed", position
            )
    if len(out) != expected:
        raise WireError(f"compressed data give {len(out)} bytes, {expected} claimed", position)
    return out


def uncompressed_length(data: Buffer) -> int:
    """Returns how many bytes `data` claims to give.

    Raises:
      WireError: it can't give so many, or claims none in a form that Snappy has.
    """
    expected, position = read_varint(data, 0)
    if position > _LENGTH or expected >> 32:
        raise WireError("the length of compressed data has more than 32 bits", 0)
    if expected > _RATIO * len(data):
        raise WireError(f"{len(data)} compressed bytes claim to give {expected}", 0)
    return expected


def _element(data: Buffer, position: int, *, out: bytearray) -> int:
    """Appends the literal or copy at `position` to `out`; returns the position after it."""
    tag = data[position]
    kind, high = tag & 3, tag >> 2
    position += 1
    if kind == 0:
        extra = max(0, high - 59)
        length = int.from_bytes(data[position : position + extra], "little") if extra else high
        position += extra
        if length + 1 > len(data) - position:
            raise WireError("a compressed literal is cut off", position)
        out += data[position : position + length + 1]
        return position + length + 1
    width = (0, 1, 2, 4)[kind]
    if width > len(data) - position:
        raise WireError("a compressed copy is cut off", position)
    offset = int.from_bytes(data[position : position + width], "little")
    length = high + 1
    if kind == 1:
        offset, length = offset | (tag >> 5) << 8, (high & 7) + 4
    _copy(out, offset, length=length, position=position)
    return position + width


def _copy(out: bytearray, offset: int, *, length: int, position: int) -> None:
    if not 0 < offset <= len(out):
        raise WireError("a compressed copy reaches before the start", position)
    start = len(out) - offset
    if offset >= length:
        out += out[start : start + length]
    else:  # the copy overlaps what it makes: the bytes repeat
        repeated = out[start:] * (length // offset + 1)
        out += repeated[:length]
