"""Layouts that take some rows along an axis, or put them among rows that keep initial values.

Classes that aren't wanted, a vocabulary that has grown or is in another order. What is left out of
the source is left out on purpose: that is what these layouts say. Their inverses give back exactly
what was taken.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts._tokens import Tokens, read_tokens
from tf1compat.migration.layouts.layout import Index, Layout, Piece, Spec, cannot, one_source

__all__ = ["Cut", "Pad", "Rows", "Vocabulary", "by_vocabulary"]


class _Taking(Layout):
    """Takes some rows of one source, so that nothing of a source is left for others."""

    leaves_out = True
    axis: int

    def _axis(self, source: Spec) -> int:
        rank = len(source.shape)
        if not -rank <= self.axis < rank:
            raise cannot(self, source, f"an axis {self.axis}")
        return self.axis % rank

    def _taken(self, source: Spec) -> slice | tuple[int, ...]:
        raise NotImplementedError

    def part(self, source: Spec) -> Index:
        return (*(slice(None),) * self._axis(source), self._taken(source))

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        axis, taken = self._axis(source), self._taken(source)
        size = source.shape[axis]
        count = len(range(size)[taken]) if isinstance(taken, slice) else len(taken)
        return Spec((*source.shape[:axis], count, *source.shape[axis + 1 :]), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source = one_source(self, sources)
        index = self.part(Spec(source.shape))
        return source[tuple(list(one) if isinstance(one, tuple) else one for one in index)]

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece(self.part(one_source(self, sources)), target),)


@dataclasses.dataclass(frozen=True)
class Cut(_Taking):
    """The rows ``[start, stop)`` along an axis; the others are left out.

    A negative axis counts from the last.
    """

    name = "cut"

    axis: int
    start: int
    stop: int

    def _taken(self, source: Spec) -> slice:
        size = source.shape[self._axis(source)]
        if not 0 <= self.start < self.stop <= size:
            raise cannot(self, source, f"[{self.start}, {self.stop}) within axis {self.axis}")
        return slice(self.start, self.stop)


@dataclasses.dataclass(frozen=True)
class Rows(_Taking):
    """The rows of these numbers along an axis, in this order; the others are left out."""

    name = "rows"
    by_row = True

    axis: int
    numbers: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(set(self.numbers)) != len(self.numbers) or not self.numbers:
            raise LayoutError(f"layout {self}: expected distinct numbers of rows")

    def _taken(self, source: Spec) -> tuple[int, ...]:
        size = source.shape[self._axis(source)]
        if not all(0 <= number < size for number in self.numbers):
            raise cannot(self, source, f"rows of these numbers along axis {self.axis}")
        return self.numbers


@dataclasses.dataclass(frozen=True)
class Pad(Layout):
    """The source's rows along an axis, with `before` and `after` rows that keep initial values."""

    name = "pad"
    merges = True

    axis: int
    before: int
    after: int

    def __post_init__(self) -> None:
        if min(self.before, self.after, self.axis) < 0:
            raise LayoutError(f"layout {self}: expected an axis and numbers of rows, from 0")

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        if self.axis >= len(source.shape):
            raise cannot(self, source, f"an axis {self.axis}")
        shape = list(source.shape)
        shape[self.axis] += self.before + self.after
        return Spec(tuple(shape), source.dtype)

    def _inner(self, size: int) -> tuple[slice, ...]:
        return (*(slice(None),) * self.axis, slice(self.before, size - self.after))

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source, initial = sources
        made = initial.copy()
        inner = made[self._inner(made.shape[self.axis])]
        if inner.shape != source.shape:
            raise LayoutError(
                f"layout {self}: expected rows between those that keep initial values, "
                f"{list(source.shape)}, found room for {list(inner.shape)}"
            )
        inner[...] = source
        return made

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target[self._inner(target.shape[self.axis])]),)


@dataclasses.dataclass(frozen=True)
class Vocabulary(Layout):
    """Each token's row where the target has it; tokens that the source lacks keep initial rows.

    Attributes:
      source: path of a text file with the source's tokens, a line for each row.
      target: the same of the target.
      axis: the axis whose rows are tokens'.
      digest: of both files; ``any`` where they aren't held to what they were.
    """

    name = "vocabulary"
    by_row = True
    merges = True
    leaves_out = True

    source: str
    target: str
    axis: int = 0
    digest: str = "any"

    def _rows(self) -> tuple[tuple[int, ...], tuple[int, ...], Tokens, Tokens]:
        """Returns rows of the source, those of the target that they go to, and both sides."""
        mine, its = read_tokens(self.source), read_tokens(self.target)
        if self.digest not in ("any", _digest(mine, its)):
            raise LayoutError(f"layout {self}: expected the vocabularies of the plan, found others")
        pairs = [(mine.rows[token], row) for token, row in its.rows.items() if token in mine.rows]
        if not pairs:
            raise LayoutError(
                f"layout {self}: expected vocabularies with common tokens, found none"
            )
        return tuple(s for s, _ in pairs), tuple(t for _, t in pairs), mine, its

    def _before(self) -> tuple[slice, ...]:
        return (slice(None),) * self.axis

    def files(self) -> tuple[str, ...]:
        return self.source, self.target

    def part(self, source: Spec) -> Index:
        return (*self._before(), self._rows()[0])

    def spec(self, *sources: Spec) -> Spec:
        source = one_source(self, sources)
        _, _, mine, its = self._rows()
        if not 0 <= self.axis < len(source.shape) or source.shape[self.axis] != len(mine.rows):
            raise cannot(self, source, f"{len(mine.rows)} rows, as many as tokens")
        shape = list(source.shape)
        shape[self.axis] = len(its.rows)
        return Spec(tuple(shape), source.dtype)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        source, initial = sources
        taken, given, _, _ = self._rows()
        made = initial.copy()
        into, of = np.moveaxis(made, self.axis, 0), np.moveaxis(source, self.axis, 0)
        into[list(given)] = of[list(taken)]
        return made

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        taken, given, _, _ = self._rows()
        return (Piece((*self._before(), taken), np.take(target, given, axis=self.axis)),)


def _digest(*tokens: Tokens) -> str:
    return "-".join(one.digest for one in tokens)


def by_vocabulary(source: str, target: str, *, given: Spec, wanted: Spec) -> Vocabulary:
    """Returns the layout from `given` to `wanted` by the vocabularies in two files.

    The axis is the only one that has as many rows on both sides as there are tokens.

    Raises:
      LayoutError: a file can't be read or has a token twice, or no axis, or several, fit.
    """
    mine, its = read_tokens(source), read_tokens(target)
    sizes = (len(mine.rows), len(its.rows))
    pairs: Sequence[tuple[int, int]] = list(zip(given.shape, wanted.shape, strict=False))
    axes = [axis for axis, pair in enumerate(pairs) if pair == sizes]
    if len(axes) != 1:
        raise LayoutError(
            f"vocabularies of {sizes[0]} and {sizes[1]} tokens: expected one axis with as many "
            f"rows, found {len(axes)} (say it by layout='vocabulary({source}, {target}, AXIS)')"
        )
    return Vocabulary(source, target, axes[0], _digest(mine, its))
