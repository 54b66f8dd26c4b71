"""The checksum of HDF5's newer structures: Bob Jenkins' lookup3."""

from __future__ import annotations

import struct

__all__ = ["lookup3"]

_ALL = 0xFFFFFFFF
_START = 0xDEADBEEF
_STEP = 12  # bytes


def lookup3(data: bytes) -> int:
    """Returns the checksum of some bytes, as ``hashlittle`` gives it from 0 on.

    >>> hex(lookup3(b"Four score and seven years ago"))
    '0x17770551'
    """
    a = b = c = (_START + len(data)) & _ALL
    if not data:
        return c
    whole = (len(data) - 1) // _STEP
    words = iter(struct.unpack_from(f"<{3 * whole}L", data))
    for x, y, z in zip(words, words, words, strict=True):  # turned words, written out for speed
        a, b, c = a + x, b + y & _ALL, c + z & _ALL
        a = (a - c & _ALL) ^ (c << 4 & _ALL | c >> 28)
        c = c + b & _ALL
        b = (b - a & _ALL) ^ (a << 6 & _ALL | a >> 26)
        a = a + c & _ALL
        c = (c - b & _ALL) ^ (b << 8 & _ALL | b >> 24)
        b = b + a & _ALL
        a = (a - c & _ALL) ^ (c << 16 & _ALL | c >> 16)
        c = c + b & _ALL
        b = (b - a & _ALL) ^ (a << 19 & _ALL | a >> 13)
        a = a + c & _ALL
        c = (c - b & _ALL) ^ (b << 4 & _ALL | b >> 28)
        b = b + a & _ALL
    x, y, z = struct.unpack("<3L", data[_STEP * whole :].ljust(_STEP, b"\0"))
    return _ended(a + x & _ALL, b + y & _ALL, c + z & _ALL)


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & _ALL


def _ended(a: int, b: int, c: int) -> int:
    c = (c ^ b) - _turned(b, 14) & _ALL
    a = (a ^ c) - _turned(c, 11) & _ALL
    b = (b ^ a) - _turned(a, 25) & _ALL
    c = (c ^ b) - _turned(b, 16) & _ALL
    a = (a ^ c) - _turned(c, 4) & _ALL
    b = (b ^ a) - _turned(a, 14) & _ALL
    return (c ^ b) - _turned(b, 24) & _ALL
