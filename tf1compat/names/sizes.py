"""Sizes as a person would say them."""

from __future__ import annotations

import math

__all__ = ["bytes_of", "human_bytes"]

_UNITS = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def human_bytes(count: int) -> str:
    """Returns a size in the decimal unit that a person would use.

    >>> human_bytes(1340000000)
    '1.34 GB'
    >>> human_bytes(999), human_bytes(999_900), human_bytes(1_250_000_000_000)
    ('999 B', '1 MB', '1,250 GB')
    """
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5 or unit == "GB":  # what three digits would round up is of the next unit
            break
        size /= 1000
    return f"{size:.3g} {unit}" if size < 999.5 else f"{size:,.0f} {unit}"


def bytes_of(text: str) -> int:
    """Returns the size that a text says: a number, and a decimal unit or none.

    >>> bytes_of("5GB"), bytes_of("1.5 M"), bytes_of("100")
    (5000000000, 1500000, 100)

    Raises:
      ValueError: it says none.
    """
    number = text.rstrip("kKmMgGtTbB ")
    unit = text[len(number) :].strip().lower().removesuffix("b")
    factor = {one.lower().removesuffix("b"): size for one, size in _UNITS.items()}.get(unit)
    try:
        return round(float(number) * (factor or math.nan))
    except ValueError:
        raise ValueError(f"{text!r}, which is no size such as 500MB or 5GB") from None
