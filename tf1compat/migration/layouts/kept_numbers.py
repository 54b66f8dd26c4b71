"""What an optimizer keeps that isn't an array laid out anew: steps, rates, scaled sums."""

from __future__ import annotations

import dataclasses

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.files.dtypes import numpy_dtype, resolution
from tf1compat.migration.layouts.layout import IDENTITY, Layout, Piece, Spec, cannot, one_source

__all__ = ["Constant", "PowerSteps", "Scale", "power_after", "power_later", "shortest", "steps_of"]

_MOST = 1_000_000  # steps after which a power of 0.9999 is gone from float32


@dataclasses.dataclass(frozen=True)
class Constant(Layout):
    """A number of no source: what a graph computes, such as a learning rate."""

    name = "constant"

    value: float
    dtype: str = "float32"

    def spec(self, *sources: Spec) -> Spec:
        if sources:
            raise LayoutError(f"layout {self} takes no source, found {len(sources)}")
        return Spec((), self.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return np.asarray(self.value, numpy_dtype(self.dtype))

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return ()


@dataclasses.dataclass(frozen=True)
class Scale(Layout):
    """Every element times a number, which is rounded."""

    name = "scale"

    factor: float

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if not resolution(source.dtype) or not self.factor:
            raise LayoutError(f"layout {self}: expected floats and a factor, found {source}")
        return source

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source = one_source(self, sources)
        return source * np.asarray(self.factor, source.dtype)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target / np.asarray(self.factor, target.dtype)),)

    def rounding(self, *sources: Spec) -> float:
        return 2 * resolution(one_source(self, sources).dtype)

    def rearrangement(self) -> Layout:
        return IDENTITY


@dataclasses.dataclass(frozen=True)
class PowerSteps(Layout):
    """How many steps Adam took, from the power of a beta that it keeps: ``beta ** (steps + 1)``.

    1.15 multiplies the power by beta in its own precision after each step, so that just as many
    products give its bits.
    """

    name = "steps_of_power"

    beta: float
    dtype: str = "int64"

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if source.shape != () or source.dtype not in ("float32", "float64"):
            raise cannot(self, source, "one number of float32 or float64")
        return Spec((), self.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        power = one_source(self, sources)
        steps = steps_of(power, self.beta)
        if steps is None:
            raise LayoutError(f"layout {self}: expected a power of {self.beta:g}, found {power}")
        return np.asarray(steps, numpy_dtype(self.dtype))

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        dtype = numpy_dtype(one_source(self, sources).dtype)
        steps = int(target)
        if not 0 <= steps < _MOST:
            raise LayoutError(f"layout {self}: expected up to {_MOST} steps, found {steps}")
        return (Piece((), np.asarray(_powers(self.beta, dtype, steps + 1)[-1])),)


def steps_of(power: np.ndarray, beta: float) -> int | None:
    """Returns after how many steps a power of `beta` has these bits; None where nothing tells.

    Once it is so small that products round to it again and again, it tells nothing.
    """
    tiny = np.finfo(power.dtype).tiny
    if not 0 < beta < 1 or not tiny < float(power) < 1:
        return None
    found = np.flatnonzero(_powers(beta, power.dtype, _until_tiny(beta, power.dtype)) == power)
    return int(found[0]) if found.size == 1 else None


def _until_tiny(beta: float, dtype: np.dtype) -> int:
    """Returns how many products there are, at most, before they tell nothing.

    Each is smaller than the last by beta, but for rounding.
    """
    kind = np.finfo(dtype)
    shrinks = -np.log(beta) - float(kind.eps)
    most = -np.log(float(kind.tiny)) / shrinks + 2 if shrinks > 0 else _MOST
    return int(min(most, _MOST))


def power_after(steps: int, beta: float) -> float:
    """Returns the power of `beta` in single precision after some steps."""
    return float(_powers(beta, np.dtype(np.float32), min(steps, _MOST) + 1)[-1])


def power_later(power: np.ndarray, beta: float, steps: int) -> np.ndarray:
    """Returns what some steps make of a power of `beta`: 1.15 multiplies it at each.

    In its own precision; what becomes subnormal is flushed to zero, as 1.15's kernels do.
    """
    if not steps:
        return power
    many = np.full(min(steps, _MOST) + 1, beta, power.dtype)
    many[0] = power
    with np.errstate(under="ignore"):
        found = np.asarray(np.multiply.accumulate(many)[-1])
    return found if found >= np.finfo(found.dtype).tiny else np.zeros_like(found)


def shortest(value: float) -> float:
    """Returns the shortest number that is the same in single precision: 0.1 of 0.10000000149."""
    return float(str(np.float32(value)))


def _powers(beta: float, dtype: np.dtype, count: int) -> np.ndarray:
    with np.errstate(under="ignore"):
        return np.multiply.accumulate(np.full(count, beta, dtype))
