"""Settings and names as differences say them, and whether two settings are one."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tf1compat.migration.layouts.kept_numbers import shortest

__all__ = ["NEAR", "alike", "said", "said_of"]

NEAR = 1e-5
"""How far two settings may be apart, relative to them, that are one."""
_SHOWN = 3


def alike(v1: object, model: object) -> bool:
    """Tells whether settings are one."""
    plain = (int, float)
    if v1 == math.inf:  # no limit
        return model is None
    if isinstance(v1, plain) and isinstance(model, plain):
        return math.isclose(v1, model, rel_tol=NEAR, abs_tol=0.0)
    return v1 == model


def said(value: object) -> str:
    """Returns a setting in words."""
    if value == math.inf:
        return "none"
    if isinstance(value, float):
        return f"{shortest(value):g}"
    return "none" if value is None else str(value)


def said_of(names: Iterable[str]) -> str:
    """Returns the first names, and how many more there are."""
    some = list(dict.fromkeys(names))
    more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
    return f"{', '.join(some[:_SHOWN])}{more}"
