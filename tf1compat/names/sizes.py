"""Sizes as a person would say them."""

from __future__ import annotations

__all__ = ["human_bytes"]


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
