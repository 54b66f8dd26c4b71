"""Which part of a partitioned variable a variable is."""

from __future__ import annotations

import dataclasses

__all__ = ["SliceInfo"]


@dataclasses.dataclass(frozen=True)
class SliceInfo:
    """Which slice of a partitioned variable a variable is; mirrors ``SaveSliceInfo``.

    Attributes:
      full_name: the name under which a checkpoint keeps the full variable.
      full_shape: the full variable's shape.
      offset: where the slice begins, one number a dimension.
      shape: the slice's shape.
    """

    full_name: str
    full_shape: tuple[int, ...]
    offset: tuple[int, ...]
    shape: tuple[int, ...]
