"""Moving averages as sources: which variable has which, and what may be done with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tf1compat.names.parse import VariableName

__all__ = ["AVERAGES", "find_averages"]

AVERAGES = ("ignore", "use", "prefer")
"""What may be done: leave them behind; take that of every trained variable; take what there is."""


def find_averages(names: Iterable[VariableName]) -> dict[str, tuple[str, ...]]:
    """Returns the moving averages of each variable that has one in the same file, by full names.

    >>> from tf1compat.names import parse_names
    >>> find_averages(parse_names(["w", "w/ExponentialMovingAverage", "b"]).values())
    {'w': ('w/ExponentialMovingAverage',)}
    """
    every = {name.full: name for name in names}
    found: dict[str, list[str]] = defaultdict(list)
    for full, name in every.items():
        if name.kind == "shadow" and name.shadow_of in every:
            found[name.shadow_of or ""].append(full)
    return {of: tuple(averages) for of, averages in found.items()}
