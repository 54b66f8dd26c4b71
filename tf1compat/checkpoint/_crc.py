"""CRC-32C as the LevelDB table format masks it."""

from __future__ import annotations

from typing import Any

import google_crc32c
import numpy as np

__all__ = ["extend", "mask", "value"]

_DELTA = 0xA282EAD8
_BITS = 0xFFFFFFFF


def extend(crc: int, data: Any) -> int:
    """Returns the CRC of what `crc` covers followed by `data` (a contiguous buffer of bytes)."""
    return google_crc32c.extend(crc, np.frombuffer(data, np.uint8))


def value(data: Any) -> int:
    """Returns the CRC of `data` (a contiguous buffer of bytes)."""
    return extend(0, data)


def mask(crc: int) -> int:
    """Returns what is stored for `crc`: a CRC of data that hold CRCs would be weak."""
    return (((crc >> 15) | (crc << 17)) + _DELTA) & _BITS
