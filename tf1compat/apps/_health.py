"""Statistics of one variable's value, for ``tf1compat inspect --health``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.array_statistics import array_statistics
from tf1compat.checkpoint.audit import Audit
from tf1compat.errors import CheckpointError

if TYPE_CHECKING:
    import numpy as np

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
    found = array_statistics(value)
    counts = {"nan": found.nans, "inf": found.infinities, "zero": found.zeros}
    if value.dtype.kind == "c" or math.isnan(found.minimum):  # there is no order, or no number
        return counts
    numbers = {"min": found.minimum, "max": found.maximum, "mean": found.mean, "std": found.std}
    return numbers | counts
