"""Statistics of several variables as those of one that holds all their elements."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["together"]


def together(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Returns what ``--health`` would say of the elements of all rows; of one, the row itself.

    >>> one, two = ({"shape": [2], "mean": m, "std": 1.0, "min": 0, "max": m} for m in (1.0, 3.0))
    >>> both = together([one, two])
    >>> both["mean"], round(both["std"] ** 2, 6), both["max"]
    (2.0, 2.0, 3.0)
    """
    if len(rows) == 1 or any("damage" in row for row in rows):
        return rows[0]
    counts = {name: sum(row.get(name) or 0 for row in rows) for name in ("nan", "inf", "zero")}
    told = [row for row in rows if row.get("mean") is not None]
    if not told:
        return {**rows[0], **counts}
    shares = [_finite(row) for row in told]
    total = sum(shares)
    mean = sum(row["mean"] * (share / total) for row, share in zip(told, shares, strict=True))
    # Around a mean of its own each has its deviation, and that mean is off the one of all.
    std = math.hypot(
        *(
            math.hypot(row["std"], row["mean"] - mean) * math.sqrt(share / total)
            for row, share in zip(told, shares, strict=True)
        )
    )
    ends = {"min": min(row["min"] for row in told), "max": max(row["max"] for row in told)}
    return {**rows[0], **counts, **ends, "mean": mean, "std": std}


def _finite(row: Mapping[str, Any]) -> int:
    return math.prod(row["shape"]) - (row.get("nan") or 0) - (row.get("inf") or 0)
