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
    is_complex = values.dtype.kind == "c"
    wide = np.abs(values) if is_complex else values.astype(np.float64, copy=False)
    counted = values if is_complex else wide  # the absolute value of (inf, NaN) is infinite
    nans, infinities = int(np.isnan(counted).sum()), int(np.isinf(counted).sum())
    finite = wide[np.isfinite(wide)] if nans or infinities else wide
    is_any = finite.size > 0
    mean, std, norm = _moments(finite) if is_any else (float("nan"), float("nan"), 0.0)
    return ArrayStatistics(
        size=wide.size,
        minimum=float(finite.min()) if is_any else float("nan"),
        maximum=float(finite.max()) if is_any else float("nan"),
        mean=mean,
        std=std,
        norm=norm,
        zeros=int(wide.size - np.count_nonzero(wide)),
        nans=nans,
        infinities=infinities,
    )


def _moments(finite: np.ndarray) -> tuple[float, float, float]:
    """Returns mean, standard deviation and norm, of numbers whose sum is beyond float64, too."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = float(finite.mean()), float(finite.std()), float(np.linalg.norm(finite))
    if np.isfinite(found).all():
        return found
    largest = float(np.abs(finite).max())
    parts = finite / largest
    mean, std, norm = parts.mean(), parts.std(), np.linalg.norm(parts)
    return float(mean) * largest, float(std) * largest, float(norm) * largest
