"""Layouts that join sources, take a part of one, change its dtype, or act in a row."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts.layout import (
    IDENTITY,
    Layout,
    Piece,
    Spec,
    cannot,
    one_source,
    register_layout,
)

__all__ = ["Cast", "Chain", "Concatenate", "Split", "chain"]

Shape = tuple[int, ...]


@register_layout("concatenate")
@dataclasses.dataclass(frozen=True)
class Concatenate(Layout):
    """Several sources joined along an axis, in the order given."""

    axis: int

    def spec(self, *sources: Spec) -> Spec:
        if not sources:
            raise LayoutError(f"layout {self}: expected sources, found none")
        first = sources[0]
        for other in sources:
            if (
                len(other.shape) <= self.axis
                or other.dtype != first.dtype
                or _without(other.shape, self.axis) != _without(first.shape, self.axis)
            ):
                raise LayoutError(f"layout {self}: {other} doesn't join with {first}")
        shape = list(first.shape)
        shape[self.axis] = sum(source.shape[self.axis] for source in sources)
        return Spec(tuple(shape), first.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return np.concatenate(sources, axis=self.axis)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        ends = np.cumsum([source.shape[self.axis] for source in sources])[:-1]
        return tuple(Piece((), part) for part in np.split(target, ends, axis=self.axis))


@register_layout("split")
@dataclasses.dataclass(frozen=True)
class Split(Layout):
    """The part ``[start, stop)`` of one source along an axis."""

    axis: int
    start: int
    stop: int

    @property
    def _index(self) -> tuple[slice, ...]:
        return (*(slice(None),) * self.axis, slice(self.start, self.stop))

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        rank = len(source.shape)
        if self.axis >= rank or not 0 <= self.start < self.stop <= source.shape[self.axis]:
            raise cannot(self, source, f"[{self.start}, {self.stop}) within axis {self.axis}")
        shape = list(source.shape)
        shape[self.axis] = self.stop - self.start
        return Spec(tuple(shape), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return one_source(self, sources)[self._index]

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece(self._index, target),)


@register_layout("cast")
@dataclasses.dataclass(frozen=True)
class Cast(Layout):
    """Another dtype; only a widening one inverts to the same bits."""

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


@dataclasses.dataclass(frozen=True)
class Chain(Layout):
    """Layouts applied one after the other, the first to the sources."""

    steps: tuple[Layout, ...]

    def spec(self, *sources: Spec) -> Spec:
        return self._specs(sources)[-1]

    def _specs(self, sources: Sequence[Spec]) -> list[Spec]:
        specs = [self.steps[0].spec(*sources)]
        for step in self.steps[1:]:
            specs.append(step.spec(specs[-1]))
        return specs

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        value = self.steps[0].apply(*sources)
        for step in self.steps[1:]:
            value = step.apply(value)
        return value

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        specs = self._specs(sources)
        for step, spec in zip(self.steps[:0:-1], specs[-2::-1], strict=True):
            (piece,) = step.invert(target, spec)
            if piece.index:
                raise LayoutError(f"layout {self}: only its first step may be a split")
            target = piece.value
        return self.steps[0].invert(target, *sources)

    def without_cast(self) -> Layout:
        return chain(*(step.without_cast() for step in self.steps))

    def __str__(self) -> str:
        return " | ".join(map(str, self.steps))


def chain(*steps: Layout) -> Layout:
    """Returns the layout of `steps` in a row, those that do nothing left out."""
    real = tuple(step for step in steps if step != IDENTITY)
    return Chain(real) if len(real) > 1 else (*real, IDENTITY)[0]


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


def _without(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], *shape[axis + 1 :])
