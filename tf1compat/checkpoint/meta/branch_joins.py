"""Where branches of a graph come together: what it adds up, and what it puts side by side."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Join"]


class Join(NamedTuple):
    """Tensors that one op makes one of.

    Attributes:
      parts: for each tensor, the variables (or layers) that it went through last.
      ordered: whether the tensors stand side by side, in this order; else they are added up,
        or subtracted.
    """

    parts: tuple[frozenset[str], ...]
    ordered: bool
