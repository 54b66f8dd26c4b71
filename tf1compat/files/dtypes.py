"""Numpy's dtypes by the names that files and plans give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tf1compat.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["half_rounding", "numpy_dtype", "resolution"]

_HALF = ("float16", "bfloat16")


def numpy_dtype(name: str) -> np.dtype:
    """Returns the dtype of that name, bfloat16 and the float8 types of ml_dtypes included.

    >>> numpy_dtype("float32").itemsize, numpy_dtype("bfloat16").name
    (4, 'bfloat16')

    Raises:
      UsageError: no dtype has that name.
    """
    import numpy as np  # a start-up of 0.1 s that listing a checkpoint does without

    try:
        return np.dtype(name)
    except (TypeError, ValueError, SyntaxError):  # numpy parses commas and brackets in it
        import ml_dtypes  # costs a start-up that few files need

        scalar = getattr(ml_dtypes, name, None)
        if not (isinstance(scalar, type) and issubclass(scalar, np.generic)):
            raise UsageError(
                f"expected a dtype such as float32 or bfloat16, found {name!r}"
            ) from None
        return np.dtype(scalar)


def half_rounding(name: str) -> float:
    """Returns how far apart outputs may be that are computed in a dtype of half precision.

    Relative to their scale: two steps, for what is computed may be fused otherwise. 0.0 of any
    other dtype.

    >>> half_rounding("float16"), half_rounding("bfloat16"), half_rounding("float32")
    (0.001953125, 0.015625, 0.0)
    """
    return 2 * resolution(name) if name in _HALF else 0.0


def resolution(name: str) -> float:
    """Returns the step from 1.0 to the next number of a floating dtype; 0.0 of any other dtype.

    >>> resolution("float16"), resolution("int32")
    (0.0009765625, 0.0)
    """
    import ml_dtypes

    try:
        return float(ml_dtypes.finfo(numpy_dtype(name)).eps)
    except (ValueError, TypeError):  # of numpy and of ml_dtypes, for what is no float
        return 0.0
