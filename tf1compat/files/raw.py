"""An array's bytes as files hold them: little-endian, in C order, a window at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tf1compat.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["is_plain", "is_textual", "raw_windows", "strings"]

_WINDOW = 1 << 20  # bytes: small enough to still be in the cache when it is hashed and written


def raw_windows(array: np.ndarray, *, window: int = _WINDOW) -> Iterator[np.ndarray]:
    """Yields the bytes of an array of numbers as uint8 arrays of at most `window` bytes each.

    Of an array whose memory is as a file has it, these are views; of others, copies of a window.
    """
    import numpy as np

    if is_plain(array):
        whole = array.reshape(-1).view(np.uint8)
        for start in range(0, whole.size, window):
            yield whole[start : start + window]
        return
    rows = array.reshape(array.shape or (1,))
    row = rows[:1].nbytes
    if row > window and rows.ndim > 1:
        for part in rows:
            yield from raw_windows(part, window=window)
        return
    step = max(window // max(row, 1), 1)
    plain = array.dtype.newbyteorder("<")
    for start in range(0, len(rows), step):
        part = np.ascontiguousarray(rows[start : start + step], plain)
        yield from raw_windows(part, window=window)


def is_plain(array: np.ndarray) -> bool:
    """Tells whether the memory of an array is as a file has it: little-endian, in C order."""
    return array.flags.c_contiguous and array.dtype == array.dtype.newbyteorder("<")


def is_textual(array: np.ndarray) -> bool:
    """Tells whether an array holds strings, of bytes or of text."""
    return array.dtype.kind in "OSUT"


def strings(array: np.ndarray) -> Iterator[bytes]:
    """Yields the elements of a string array in C order; text is encoded as UTF-8.

    Raises:
      UsageError: an element is neither bytes nor str.
    """
    for element in array.flat:
        value = element.encode() if isinstance(element, str) else element
        if not isinstance(value, bytes):
            raise UsageError(f"a string tensor holds bytes, not {type(element).__name__}")
        yield value
