"""Layouts that move one source's elements into another shape."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts.layout import (
    Layout,
    Piece,
    Spec,
    cannot,
    one_source,
    register_layout,
)

__all__ = ["Expand", "Reshape", "Squeeze", "Transpose"]

Shape = tuple[int, ...]


@register_layout("transpose")
@dataclasses.dataclass(frozen=True)
class Transpose(Layout):
    """Axes permuted: target axis ``i`` is source axis ``perm[i]`` (as ``tf.transpose``)."""

    perm: Shape

    @classmethod
    def of(cls, *perm: int) -> Transpose:
        """Returns the permutation given as separate arguments."""
        if sorted(perm) != list(range(len(perm))):
            raise LayoutError(f"transpose{perm}: expected a permutation of 0..{len(perm) - 1}")
        return cls(tuple(perm))

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.perm

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if len(source.shape) != len(self.perm):
            raise cannot(self, source, f"{len(self.perm)} dimensions")
        return Spec(tuple(source.shape[axis] for axis in self.perm), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return np.transpose(one_source(self, sources), self.perm)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), np.transpose(target, np.argsort(self.perm))),)


@register_layout("reshape")
@dataclasses.dataclass(frozen=True)
class Reshape(Layout):
    """The same elements in row-major order under another shape; one dimension may be -1."""

    shape: Shape

    @classmethod
    def of(cls, *shape: int) -> Reshape:
        """Returns the reshape given as separate dimensions."""
        if any(d < -1 for d in shape) or shape.count(-1) > 1:
            raise LayoutError(f"reshape{shape}: expected sizes >= 0 with at most one -1")
        return cls(tuple(shape))

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.shape

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

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source = one_source(self, sources)
        return source.reshape(self._resolved(Spec(source.shape)))

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target.reshape(one_source(self, sources).shape)),)


@dataclasses.dataclass(frozen=True)
class _Axes(Layout):
    axes: Shape

    @classmethod
    def of(cls, *axes: int) -> _Axes:
        """Returns the layout for axes given as separate arguments."""
        if len(set(axes)) != len(axes) or any(axis < 0 for axis in axes):
            raise LayoutError(f"{cls.name}{axes}: expected distinct axes counted from 0")
        return cls(tuple(sorted(axes)))

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.axes

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source = one_source(self, sources)
        return source.reshape(self.spec(Spec(source.shape)).shape)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target.reshape(one_source(self, sources).shape)),)


@register_layout("squeeze")
@dataclasses.dataclass(frozen=True)
class Squeeze(_Axes):
    """Axes of size 1 removed."""

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if any(axis >= len(source.shape) or source.shape[axis] != 1 for axis in self.axes):
            raise cannot(self, source, f"size 1 at axes {self.axes}")
        kept = [d for axis, d in enumerate(source.shape) if axis not in self.axes]
        return Spec(tuple(kept), source.dtype)


@register_layout("expand")
@dataclasses.dataclass(frozen=True)
class Expand(_Axes):
    """Axes of size 1 inserted, at these positions of the target."""

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        rank = len(source.shape) + len(self.axes)
        if any(axis >= rank for axis in self.axes):
            raise cannot(self, source, f"axes below {rank}")
        left = iter(source.shape)
        return Spec(tuple(1 if i in self.axes else next(left) for i in range(rank)), source.dtype)
