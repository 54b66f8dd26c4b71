"""Two values of one tensor side by side."""

from __future__ import annotations

import numpy as np

__all__ = ["elements_alike", "same_bits", "unequal_bits", "unequal_elements"]


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Tells whether two arrays have one shape, one dtype and the same bits; objects are equal."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind == "O":
        return bool((a == b).all())
    return np.array_equal(_bits(a), _bits(b))


def unequal_bits(a: np.ndarray, b: np.ndarray) -> int:
    """Returns how many elements of two arrays of one shape and dtype have other bits.

    Bits, not values: NaN is itself here, and -0.0 is not 0.0. Of objects, how many aren't equal.
    """
    if a.dtype.kind == "O":
        return int((a != b).sum())
    return int(np.count_nonzero(~_alike(a, b)))


def _bits(a: np.ndarray) -> np.ndarray:
    """Returns an array's bits as whole numbers: one an element where there are such."""
    size = a.dtype.itemsize
    return np.ascontiguousarray(a).reshape(-1).view(f"u{size}" if size in (1, 2, 4, 8) else "u1")


def _alike(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns for each element of two arrays, in C order, whether its bits are the same: bool."""
    alike = _bits(a) == _bits(b)
    return alike if alike.size == a.size else alike.reshape(a.size, -1).all(axis=1)


def unequal_elements(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns where two numeric arrays of one shape differ, and by how much.

    NaN equals NaN here. Differences are taken in double precision, but whether whole numbers
    differ is decided exactly: above 2**53 a double can't tell neighbours apart.

    Returns:
      a bool array of that shape, and the absolute differences of the elements it marks, in C order:
      float64 [N]; NaN or infinite where an element is.
    """
    if a.dtype == b.dtype and a.dtype.kind in "iu":
        unequal = a != b
        x, y = a[unequal], b[unequal]
        distance = np.maximum(x, y).astype(np.uint64) - np.minimum(x, y).astype(np.uint64)
        return unequal, distance.astype(np.float64)
    wide = np.complex128 if a.dtype.kind == "c" or b.dtype.kind == "c" else np.float64
    x, y = a.astype(wide), b.astype(wide)
    unequal = ~((x == y) | (np.isnan(x) & np.isnan(y)))
    return unequal, np.abs(x[unequal] - y[unequal])


def elements_alike(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns where two arrays of one shape and dtype have the same bits: a bool array."""
    if a.dtype.kind == "O":
        return np.asarray(a == b)
    return _alike(a, b).reshape(a.shape)
