"""Layouts in a row."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts.answers import applied, made_of, pieces
from tf1compat.migration.layouts.layout import IDENTITY, Index, Layout, Piece, Spec

__all__ = ["Chain", "chain"]


@dataclasses.dataclass(frozen=True)
class Chain(Layout):
    """Layouts applied one after the other, the first to the sources.

    A first step that takes a part does so of each source, if the second joins them.
    """

    name = "chain"
    steps: tuple[Layout, ...]

    def __post_init__(self) -> None:
        for before, step in itertools.pairwise(self.steps):
            starts = before is self.steps[0] and before.takes_part
            if step.takes_part or (step.joins and not starts):
                what = "join sources" if step.joins else "take a part"
                raise LayoutError(f"layout {self}: only its first step may {what}, found {step}")
            if step.leaves_out or before.merges:
                what = "leave rows out" if step.leaves_out else "be behind one that keeps rows"
                raise LayoutError(f"layout {self}: no later step may {what}, found {step}")

    def files(self) -> tuple[str, ...]:
        return tuple(path for step in self.steps for path in step.files())

    @property
    def joins(self) -> bool:  # type: ignore[override]
        """Whether its first step does, or its second, of the parts that the first takes."""
        return any(step.joins for step in self.steps)

    @property
    def takes_part(self) -> bool:  # type: ignore[override]
        """Whether its first step does."""
        return self.steps[0].takes_part

    @property
    def leaves_out(self) -> bool:  # type: ignore[override]
        """Whether its first step does."""
        return self.steps[0].leaves_out

    @property
    def merges(self) -> bool:  # type: ignore[override]
        """Whether its last step does."""
        return self.steps[-1].merges

    @property
    def sums(self) -> bool:  # type: ignore[override]
        """Whether any of its steps does."""
        return any(step.sums for step in self.steps)

    @property
    def inverse_sums(self) -> bool:  # type: ignore[override]
        """Whether any of its steps does."""
        return any(step.inverse_sums for step in self.steps)

    @property
    def computes(self) -> bool:  # type: ignore[override]
        """Whether any of its steps does."""
        return any(step.computes for step in self.steps)

    @property
    def by_row(self) -> bool:  # type: ignore[override]
        """Whether any of its steps does."""
        return any(step.by_row for step in self.steps)

    @property
    def _of_each(self) -> Layout | None:
        """The step that is applied to each source by itself, before another joins them."""
        return self.steps[0] if self.takes_part and self.joins else None

    @property
    def _of_all(self) -> tuple[Layout, ...]:
        return self.steps if self._of_each is None else self.steps[1:]

    def part(self, source: Spec) -> Index:
        return self.steps[0].part(source)

    def spec(self, *sources: Spec) -> Spec:
        return self._specs(self._parts(sources))[-1]

    def _parts(self, sources: Sequence[Spec]) -> Sequence[Spec]:
        each = self._of_each
        return sources if each is None else [made_of(each, [source]) for source in sources]

    def _specs(self, sources: Sequence[Spec]) -> list[Spec]:
        specs = [made_of(self._of_all[0], sources)]
        for step in self._of_all[1:]:
            specs.append(made_of(step, [specs[-1]]))
        return specs

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        each, kept = self._of_each, sources[len(sources) - self.merges :]
        given = sources[: len(sources) - self.merges]
        parts = given if each is None else [applied(each, [source]) for source in given]
        value = applied(self._of_all[0], parts)
        for step in self._of_all[1:]:
            value = applied(step, [value, *kept] if step.merges else [value])
        return value

    def lacking(self, axis: int, variable: Spec) -> Layout:
        if self.joins:
            return super().lacking(axis, variable)
        before = [variable, *self._specs([variable])[:-1]]
        if any(len(spec.shape) != len(variable.shape) for spec in before):
            return super().lacking(axis, variable)
        return chain(*(s.lacking(axis, spec) for s, spec in zip(self.steps, before, strict=True)))

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        parts = self._parts(sources)
        specs = self._specs(parts)
        for step, spec in zip(self._of_all[:0:-1], specs[-2::-1], strict=True):
            target = pieces(step, target, [spec])[0].value
        found = pieces(self._of_all[0], target, parts)
        each = self._of_each
        if each is None:
            return found
        return tuple(
            pieces(each, piece.value, [source])[0]
            for piece, source in zip(found, sources, strict=True)
        )

    def rounding(self, *sources: Spec) -> float:
        each, parts = self._of_each, self._parts(sources)
        found = self._of_all[0].rounding(*parts)
        if each is not None:
            found += max(each.rounding(source) for source in sources)
        later = zip(self._of_all[1:], self._specs(parts), strict=False)
        return found + sum(step.rounding(spec) for step, spec in later)

    def added(self) -> float:
        return sum(step.added() for step in self.steps)

    def rearrangement(self) -> Layout:
        return chain(*(step.rearrangement() for step in self.steps))

    def __str__(self) -> str:
        return " | ".join(map(str, self.steps))


def chain(*steps: Layout) -> Layout:
    """Returns the layout of `steps` in a row, those that do nothing left out."""
    real = tuple(step for step in steps if step != IDENTITY)
    return Chain(real) if len(real) > 1 else (*real, IDENTITY)[0]
