"""Another dtype; what loses nothing is found by itself, any other takes a rule."""

from __future__ import annotations

import dataclasses

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts.layout import IDENTITY, Layout, Piece, Spec, one_source

__all__ = ["Cast", "cast_between"]

_WIDER = {
    "float16": ("float32", "float64"),
    "bfloat16": ("float32", "float64"),
    "float32": ("float64",),
    "int8": ("int16", "int32", "int64"),
    "uint8": ("int16", "int32", "int64"),
    "int16": ("int32", "int64"),
    "int32": ("int64",),
    "complex64": ("complex128",),
}


@dataclasses.dataclass(frozen=True)
class Cast(Layout):
    """Another dtype; only a widening one inverts to the same bits."""

    name = "cast"
    dtype: str

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        dtype_of(self.dtype)
        return Spec(source.shape, self.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return one_source(self, sources).astype(dtype_of(self.dtype))

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target.astype(dtype_of(one_source(self, sources).dtype))),)

    def without_cast(self) -> Layout:
        return IDENTITY


def cast_between(source: str, target: str) -> tuple[Cast, ...] | None:
    """Returns the steps that turn dtype `source` into `target` and lose nothing, or None.

    >>> cast_between("float16", "float32"), cast_between("float32", "float16")
    ((Cast(dtype='float32'),), None)
    """
    if source == target:
        return ()
    return (Cast(target),) if target in _WIDER.get(source, ()) else None


def dtype_of(name: str) -> np.dtype:
    """Returns the numpy dtype of that name, those of ml_dtypes included.

    Raises:
      LayoutError: for a name that is no dtype.
    """
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes  # only bfloat16 and float8 need it

        try:
            return np.dtype(getattr(ml_dtypes, name))
        except (AttributeError, TypeError):
            raise LayoutError(f"cast({name}): expected a dtype such as float32") from None
