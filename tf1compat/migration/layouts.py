"""Invertible array transforms between a v1 variable and a Keras weight.

A layout knows the shape it produces before any data is read (:meth:`Layout.spec`), applies itself
to arrays, and inverts itself, which is how a converted weight is proved equal to its source. It
also says how an optimizer slot of the variable travels (:meth:`Layout.for_slot`).

Layouts print as the text that :func:`parse_layout` reads and that rules files hold::

    transpose(1, 0)
    reshape(768, 12, 64) | cast(float32)
    concatenate(0)               # several sources, one target
    split(1, 0, 768)             # one source, the part [0, 768) along axis 1

A new layout is one more decorated class; nothing else changes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np

from tf1compat.errors import LayoutError

__all__ = [
    "IDENTITY",
    "Cast",
    "Chain",
    "Concatenate",
    "Expand",
    "Identity",
    "Layout",
    "Piece",
    "Reshape",
    "Spec",
    "Split",
    "Squeeze",
    "Transpose",
    "register_layout",
]

Shape = tuple[int, ...]

_REGISTRY: dict[str, Callable[..., Layout]] = {}
_L = TypeVar("_L", bound="type[Layout]")


@dataclasses.dataclass(frozen=True)
class Spec:
    """Shape and dtype of an array that need not exist yet.

    Attributes:
      shape: dimensions, outermost first.
      dtype: name of the dtype, e.g. ``"float32"`` or ``"bfloat16"``.
    """

    shape: Shape
    dtype: str = "float32"

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}"


@dataclasses.dataclass(frozen=True)
class Piece:
    """What inverting a layout gives back of one source.

    Attributes:
      index: where in the source the value belongs; ``()`` for all of it.
      value: array of that part's shape.
    """

    index: tuple[slice, ...]
    value: np.ndarray


class Layout:
    """Base of all layouts; subclasses are frozen dataclasses whose fields are their arguments."""

    name: ClassVar[str]

    def spec(self, *sources: Spec) -> Spec:
        """Returns the target's shape and dtype for sources of these shapes and dtypes.

        Raises:
          LayoutError: if the layout can't be applied to them.
        """
        raise NotImplementedError

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        """Returns the target's value; the sources are never written to."""
        raise NotImplementedError

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        """Returns, for each source, the part of it that `target` holds."""
        raise NotImplementedError

    def for_slot(self, slot: Spec, variable: Spec) -> Layout:
        """Returns the layout by which an optimizer slot of the variable travels.

        A slot of the variable's shape moves as the variable does but keeps its own dtype; a scalar
        slot (a step or a power accumulator) stays as it is.

        Raises:
          LayoutError: for a slot of any other shape, such as a factored second moment.
        """
        if slot.shape == variable.shape:
            return self.without_cast()
        if slot.shape == ():
            return IDENTITY
        raise LayoutError(
            f"slot of shape {slot.shape} of a variable of shape {variable.shape}: expected the "
            f"same shape or a scalar; layout {self} doesn't say how it travels, so drop the slot "
            "or give it a rule"
        )

    def without_cast(self) -> Layout:
        """Returns this layout with every change of dtype left out."""
        return self

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The values :func:`parse_layout` would read between the parentheses."""
        return tuple(getattr(self, field.name) for field in dataclasses.fields(self))  # type: ignore[arg-type]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


def register_layout(name: str) -> Callable[[_L], _L]:
    """Class decorator that makes a layout known to :func:`parse_layout` under `name`."""

    def decorate(cls: _L) -> _L:
        cls.name = name
        _REGISTRY[name] = getattr(cls, "of", cls)
        return cls

    return decorate


def registered_layouts() -> dict[str, Callable[..., Layout]]:
    """Returns constructor by name of every layout that rules may use."""
    return dict(_REGISTRY)


def _one(layout: Layout, sources: Sequence[Any]) -> Any:
    if len(sources) != 1:
        raise LayoutError(f"layout {layout} takes one source, found {len(sources)}")
    return sources[0]


def _cannot(layout: Layout, source: Spec, expected: str) -> LayoutError:
    return LayoutError(f"layout {layout} on {source}: expected {expected}, found {source.shape}")


@register_layout("identity")
@dataclasses.dataclass(frozen=True)
class Identity(Layout):
    """The value as it stands."""

    def spec(self, *sources: Spec) -> Spec:
        return _one(self, sources)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return _one(self, sources)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target),)

    def __str__(self) -> str:
        return "identity"


IDENTITY = Identity()


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
        source = _one(self, sources)
        if len(source.shape) != len(self.perm):
            raise _cannot(self, source, f"{len(self.perm)} dimensions")
        return Spec(tuple(source.shape[axis] for axis in self.perm), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return np.transpose(_one(self, sources), self.perm)

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
            raise _cannot(self, source, f"a multiple of {known} elements")
        if math.prod(shape) != size:
            raise _cannot(self, source, f"{math.prod(shape)} elements")
        return shape

    def spec(self, *sources: Spec) -> Spec:
        source = _one(self, sources)
        return Spec(self._resolved(source), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source = _one(self, sources)
        return source.reshape(self._resolved(Spec(source.shape)))

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target.reshape(_one(self, sources).shape)),)


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
        source = _one(self, sources)
        return source.reshape(self.spec(Spec(source.shape)).shape)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target.reshape(_one(self, sources).shape)),)


@register_layout("squeeze")
@dataclasses.dataclass(frozen=True)
class Squeeze(_Axes):
    """Axes of size 1 removed."""

    def spec(self, *sources: Spec) -> Spec:
        source = _one(self, sources)
        if any(axis >= len(source.shape) or source.shape[axis] != 1 for axis in self.axes):
            raise _cannot(self, source, f"size 1 at axes {self.axes}")
        kept = [d for axis, d in enumerate(source.shape) if axis not in self.axes]
        return Spec(tuple(kept), source.dtype)


@register_layout("expand")
@dataclasses.dataclass(frozen=True)
class Expand(_Axes):
    """Axes of size 1 inserted, at these positions of the target."""

    def spec(self, *sources: Spec) -> Spec:
        source = _one(self, sources)
        rank = len(source.shape) + len(self.axes)
        if any(axis >= rank for axis in self.axes):
            raise _cannot(self, source, f"axes below {rank}")
        left = iter(source.shape)
        return Spec(tuple(1 if i in self.axes else next(left) for i in range(rank)), source.dtype)


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
        source = _one(self, sources)
        rank = len(source.shape)
        if self.axis >= rank or not 0 <= self.start < self.stop <= source.shape[self.axis]:
            raise _cannot(self, source, f"[{self.start}, {self.stop}) within axis {self.axis}")
        shape = list(source.shape)
        shape[self.axis] = self.stop - self.start
        return Spec(tuple(shape), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return _one(self, sources)[self._index]

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece(self._index, target),)


@register_layout("cast")
@dataclasses.dataclass(frozen=True)
class Cast(Layout):
    """Another dtype; only a widening one inverts to the same bits."""

    dtype: str

    def spec(self, *sources: Spec) -> Spec:
        source = _one(self, sources)
        dtype_of(self.dtype)
        return Spec(source.shape, self.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return _one(self, sources).astype(dtype_of(self.dtype))

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target.astype(dtype_of(_one(self, sources).dtype))),)

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
        steps = tuple(s for s in (step.without_cast() for step in self.steps) if s != IDENTITY)
        return Chain(steps) if len(steps) > 1 else (*steps, IDENTITY)[0]

    def __str__(self) -> str:
        return " | ".join(map(str, self.steps))


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
