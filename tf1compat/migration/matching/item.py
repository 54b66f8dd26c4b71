"""What is matched: v1 variables and Keras weights under one description."""

from __future__ import annotations

import dataclasses

__all__ = ["Item"]


@dataclasses.dataclass(frozen=True)
class Item:
    """A v1 variable or a Keras weight, as far as matching needs to know it.

    Attributes:
      path: its name; unique on its side.
      module: the variable scope or layer path it belongs to (a prefix of `path` as a rule).
      role: what it is (``kernel``, ``gamma``, ...) or ``unknown``.
      shape: its dimensions.
    """

    path: str
    module: str
    role: str
    shape: tuple[int, ...]
