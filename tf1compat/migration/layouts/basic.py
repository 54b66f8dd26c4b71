"""Layouts that move one source's elements into another shape."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts.layout import (
    Layout,
    Piece,
    Shape,
    Spec,
    cannot,
    one_source,
)

__all__ = ["Expand", "Reshape", "Squeeze", "Transpose"]


@dataclasses.dataclass(frozen=True)
class Transpose(Layout):
    """Axes permuted: target axis ``i`` is source axis ``perm[i]`` (as ``tf.transpose``)."""

    name = "transpose"
    perm: Shape

    def __post_init__(self) -> None:
        if sorted(self.perm) != list(range(len(self.perm))):
            last = len(self.perm) - 1
            raise LayoutError(f"transpose{self.perm}: expected a permutation of 0..{last}")

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if len(source.shape) != len(self.perm):
            raise cannot(self, source, f"{len(self.perm)} dimensions")
        return Spec(tuple(source.shape[axis] for axis in self.perm), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return np.transpose(one_source(self, sources), self.perm)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), np.transpose(target, np.argsort(self.perm))),)


class _Reshaping(Layout):
    """The same elements in row-major order, in the shape that `spec` says."""

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source = one_source(self, sources)
        return source.reshape(self.spec(Spec(source.shape)).shape)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target.reshape(one_source(self, sources).shape)),)


@dataclasses.dataclass(frozen=True)
class Reshape(_Reshaping):
    """The same elements in row-major order under another shape; one dimension may be -1."""

    name = "reshape"
    shape: Shape

    def __post_init__(self) -> None:
        if any(d < -1 for d in self.shape) or self.shape.count(-1) > 1:
            raise LayoutError(f"reshape{self.shape}: expected sizes >= 0 with at most one -1")

    def _resolved(self, source: Spec) -> Shape:
        size, known = math.prod(source.shape), math.prod(d for d in self.shape if d != -1)
        if -1 not in self.shape:
            shape = self.shape
        elif known and size % known == 0:
            shape = tuple(size // known if d == -1 else d for d in self.shape)
        else:
            raise cannot(self, source, f"a multiple of {known} elements")
        if math.prod(shape) != size:
            raise cannot(self, source, f"{math.prod(shape)} elements")
        return shape

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        return Spec(self._resolved(source), source.dtype)


@dataclasses.dataclass(frozen=True)
class _Axes(_Reshaping):
    axes: Shape

    def __post_init__(self) -> None:
        if len(set(self.axes)) != len(self.axes) or any(axis < 0 for axis in self.axes):
            raise LayoutError(f"{self.name}{self.axes}: expected distinct axes counted from 0")
        object.__setattr__(self, "axes", tuple(sorted(self.axes)))  # equal whatever their order


@dataclasses.dataclass(frozen=True)
class Squeeze(_Axes):
    """Axes of size 1 removed."""

    name = "squeeze"

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if any(axis >= len(source.shape) or source.shape[axis] != 1 for axis in self.axes):
            raise cannot(self, source, f"size 1 at axes {self.axes}")
        kept = [d for axis, d in enumerate(source.shape) if axis not in self.axes]
        return Spec(tuple(kept), source.dtype)


@dataclasses.dataclass(frozen=True)
class Expand(_Axes):
    """Axes of size 1 inserted, at these positions of the target."""

    name = "expand"

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        rank = len(source.shape) + len(self.axes)
        if any(axis >= rank for axis in self.axes):
            raise cannot(self, source, f"axes below {rank}")
        left = iter(source.shape)
        return Spec(tuple(1 if i in self.axes else next(left) for i in range(rank)), source.dtype)
