"""Another dtype; what loses nothing is found by itself, any other takes a rule."""

from __future__ import annotations

import dataclasses

import numpy as np

from tf1compat.errors import LayoutError, UsageError
from tf1compat.files.dtypes import numpy_dtype, resolution
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
    """Another dtype of numbers; only a narrower one of floats may lose bits, by rounding."""

    name = "cast"

    dtype: str

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        try:
            dtype = numpy_dtype(self.dtype)
        except UsageError as error:
            raise LayoutError(f"layout {self}: {error}") from None
        if (
            dtype.name != self.dtype or dtype.kind in "OSUMm" or not dtype.itemsize
        ):  # "f4", "object"
            raise LayoutError(
                f"layout {self}: expected the whole name of a dtype of numbers, such as float32, "
                f"found {self.dtype!r}"
            )
        return Spec(source.shape, self.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source = one_source(self, sources)
        with np.errstate(over="ignore", invalid="ignore"):  # said below, or by its inverse
            made = source.astype(numpy_dtype(self.dtype))
        over = np.isfinite(source) & ~np.isfinite(made)
        if over.any():
            raise LayoutError(
                f"layout {self}: expected values that {self.dtype} can hold, found "
                f"{float(np.abs(source[over]).max()):g}, which would become infinite"
            )
        return made

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target.astype(numpy_dtype(one_source(self, sources).dtype))),)

    def rounding(self, *sources: Spec) -> float:
        return resolution(self.dtype) if resolution(one_source(self, sources).dtype) else 0.0

    def rearrangement(self) -> Layout:
        return IDENTITY


def cast_between(source: str, target: str) -> tuple[Cast, ...] | None:
    """Returns the steps that turn dtype `source` into `target` and lose nothing, or None.

    >>> cast_between("float16", "float32"), cast_between("float32", "float16")
    ((Cast(dtype='float32'),), None)
    """
    if source == target:
        return ()
    return (Cast(target),) if target in _WIDER.get(source, ()) else None
