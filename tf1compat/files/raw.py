"""An array's bytes as files hold them: little-endian, in C order, a window at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tf1compat.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["is_textual", "raw_windows", "strings"]

_WINDOW = 1 << 20


def raw_windows(array: np.ndarray) -> Iterator[np.ndarray]:
    """Yields the bytes of an array of numbers as uint8 arrays; copies a window at most."""
    import numpy as np

    if array.flags.c_contiguous and array.dtype == array.dtype.newbyteorder("<"):
        whole = array.reshape(-1).view(np.uint8)
        for start in range(0, whole.size, _WINDOW):
            yield whole[start : start + _WINDOW]
        return
    flat = array.flat  # in C order, and copies no more than it is asked for
    step = max(1, _WINDOW // array.dtype.itemsize)
    for start in range(0, array.size, step):
        part = flat[start : start + step]
        yield part.astype(part.dtype.newbyteorder("<"), copy=False).view(np.uint8)


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
