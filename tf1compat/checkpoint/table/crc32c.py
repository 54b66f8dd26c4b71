"""CRC-32C as the LevelDB table format masks it."""

from __future__ import annotations

from typing import Any

import google_crc32c

__all__ = ["extend", "mask", "value"]

_DELTA = 0xA282EAD8
_BITS = 0xFFFFFFFF
_SMALL = 1 << 20  # bytes that may be copied rather than wait for numpy's import


def extend(crc: int, data: Any) -> int:
    """Returns the CRC of what `crc` covers followed by `data` (bytes, or a uint8 array)."""
    if isinstance(data, bytearray) and len(data) > _SMALL:
        import numpy as np  # the C function takes no bytearray, but an array of its bytes

        return google_crc32c.extend(crc, np.frombuffer(data, np.uint8))
    return google_crc32c.extend(crc, bytes(data) if isinstance(data, bytearray) else data)


def value(data: Any) -> int:
    """Returns the CRC of `data` (bytes, or a uint8 array)."""
    return extend(0, data)


def mask(crc: int) -> int:
    """Returns what is stored for `crc`: a CRC of data that hold CRCs would be weak."""
    return (((crc >> 15) | (crc << 17)) + _DELTA) & _BITS
