"""Statistics of one variable's value, for ``tf1compat inspect --health``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.audit import Audit
from tf1compat.errors import CheckpointError

__all__ = ["health_of"]


def health_of(name: str, entry: Entry, audit: Audit) -> dict[str, Any]:
    """Returns min, max, mean and std of the finite elements, and counts of nan, inf and zero.

    Strings and complex numbers have no order; they get counts alone. A variable that can't be
    read gets ``{"damage": reason}``, and one that isn't as it was written the reason besides.
    """
    try:
        value = entry.read()
    except CheckpointError as error:
        return {"damage": str(error)}
    unlike = audit.of_value(name, value)
    return _statistics(value) | ({"damage": "; ".join(map(str, unlike))} if unlike else {})


def _statistics(value: np.ndarray) -> dict[str, Any]:
    if value.dtype.kind in "OSU":
        return {"zero": sum(1 for element in value.flat if not element)}
    if value.dtype.kind == "c":
        return _counts(value)
    wide = value.astype(np.float64) if value.dtype.itemsize < 8 else value
    counts = _counts(wide)
    finite = wide[np.isfinite(wide)] if counts["nan"] or counts["inf"] else wide
    if not finite.size:
        return counts
    mean, std = _moments(finite)
    numbers = {"min": finite.min(), "max": finite.max(), "mean": mean, "std": std}
    return {**{name: float(number) for name, number in numbers.items()}, **counts}


def _moments(finite: np.ndarray) -> tuple[float, float]:
    """Returns mean and standard deviation, of numbers whose sum is beyond float64, too."""
    with np.errstate(over="ignore", invalid="ignore"):
        moments = float(finite.mean()), float(finite.std())
    if np.isfinite(moments).all():
        return moments
    largest = float(np.abs(finite).max())
    parts = finite / largest
    return float(parts.mean()) * largest, float(parts.std()) * largest


def _counts(value: np.ndarray) -> dict[str, int]:
    return {
        "nan": int(np.isnan(value).sum()),
        "inf": int(np.isinf(value).sum()),
        "zero": int(value.size - np.count_nonzero(value)),
    }
