"""Gates of recurrent cells: another order of their blocks, and the forget gate's constant.

TensorFlow 1.x's LSTM cells keep the gates i, j, f, o side by side in one kernel over inputs and
state, and add `forget_bias` to f at every step; Keras keeps i, f, c, o, in a kernel for each, and
the constant in the bias. So a `BasicLSTMCell` of U units on inputs of D columns goes by
``split(0, 0, D) | blocks(0, 2, 1, 3)``, ``split(0, D, D + U) | blocks(0, 2, 1, 3)`` and
``blocks(0, 2, 1, 3) | forget_bias(1.0)``.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.files.dtypes import resolution
from tf1compat.migration.layouts.layout import (
    IDENTITY,
    Layout,
    Piece,
    Spec,
    cannot,
    one_source,
)

__all__ = ["Blocks", "ForgetBias"]

_GATES = 4  # of an LSTM; the forget gate is Keras' second
_FORGET = 1


@dataclasses.dataclass(frozen=True)
class Blocks(Layout):
    """The last axis in equal blocks, reordered: target block ``k`` is source block ``order[k]``."""

    name = "blocks"
    order: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.order) < 2 or sorted(self.order) != list(range(len(self.order))):
            last = max(len(self.order) - 1, 1)
            raise LayoutError(f"blocks{self.order}: expected an order of the blocks 0..{last}")

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if not source.shape or source.shape[-1] % len(self.order):
            raise cannot(self, source, f"a last axis of {len(self.order)} equal blocks")
        return source

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return _reordered(one_source(self, sources), self.order)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), _reordered(target, tuple(map(int, np.argsort(self.order))))),)

    def lacking(self, axis: int, variable: Spec) -> Layout:
        return IDENTITY if axis == len(variable.shape) - 1 else self


def _reordered(value: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    blocks = value.reshape(*value.shape[:-1], len(order), value.shape[-1] // len(order))
    return blocks[..., order, :].reshape(value.shape)


@dataclasses.dataclass(frozen=True)
class ForgetBias(Layout):
    """An LSTM's bias in Keras' order of gates, with what 1.x adds to the forget gate added.

    The sum is rounded, so it doesn't always invert to the same bits. A slot gets nothing added.
    """

    name = "forget_bias"

    amount: float

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if len(source.shape) != 1 or source.shape[0] % _GATES:
            raise cannot(self, source, "the bias of an LSTM, 4 equal blocks")
        return source

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return self._with(one_source(self, sources), self.amount)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), self._with(target, -self.amount)),)

    def rounding(self, *sources: Spec) -> float:
        return resolution(one_source(self, sources).dtype)

    def added(self) -> float:
        return abs(self.amount)

    def _with(self, value: np.ndarray, amount: float) -> np.ndarray:
        units = value.shape[0] // _GATES
        found = value.copy()
        found[_FORGET * units : (_FORGET + 1) * units] += np.asarray(amount, value.dtype)
        return found

    def rearrangement(self) -> Layout:
        return IDENTITY
