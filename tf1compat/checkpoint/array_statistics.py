"""What an array is like: range, moments, and how much of it is zero, NaN or infinite."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tf1compat.errors import UsageError

__all__ = ["ArrayStatistics", "array_statistics"]


@dataclasses.dataclass(frozen=True)
class ArrayStatistics:
    """What an array is like; of its finite elements, in float64, where not said otherwise.

    Attributes:
      size: number of all elements.
      minimum: least finite element; NaN where there is none.
      maximum: largest finite element; NaN where there is none.
      mean: arithmetic mean; NaN where there is none.
      std: population standard deviation; NaN where there is none.
      norm: Euclidean norm.
      zeros: number of elements that are 0.
      nans: number of NaN elements.
      infinities: number of infinite elements.
    """

    size: int
    minimum: float
    maximum: float
    mean: float
    std: float
    norm: float
    zeros: int
    nans: int
    infinities: int


def array_statistics(array: Any) -> ArrayStatistics:
    """Returns the statistics of an array of numbers; of complex ones, those of absolute values.

    >>> found = array_statistics([3.0, -4.0, float("nan")])
    >>> found.norm, found.mean, found.nans
    (5.0, -0.5, 1)
    """
    values = np.asarray(array)
    if values.dtype.kind in "OSU":
        raise UsageError(f"expected numbers, found dtype {values.dtype}")
    wide = np.abs(values) if values.dtype.kind == "c" else values.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    is_any = finite.size > 0
    return ArrayStatistics(
        size=wide.size,
        minimum=float(finite.min()) if is_any else float("nan"),
        maximum=float(finite.max()) if is_any else float("nan"),
        mean=float(finite.mean()) if is_any else float("nan"),
        std=float(finite.std()) if is_any else float("nan"),
        norm=float(np.linalg.norm(finite)),
        zeros=int(np.sum(wide == 0)),
        nans=int(np.sum(np.isnan(wide))),
        infinities=int(np.sum(np.isinf(wide))),
    )
