"""Layouts in a row."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts.layout import IDENTITY, Layout, Piece, Spec, pieces

__all__ = ["Chain", "chain"]


@dataclasses.dataclass(frozen=True)
class Chain(Layout):
    """Layouts applied one after the other, the first to the sources."""

    name = "chain"
    steps: tuple[Layout, ...]

    def __post_init__(self) -> None:
        for step in self.steps[1:]:
            if step.joins or step.takes_part:
                what = "join sources" if step.joins else "take a part"
                raise LayoutError(f"layout {self}: only its first step may {what}, found {step}")

    @property
    def joins(self) -> bool:  # type: ignore[override]
        """Whether its first step does."""
        return self.steps[0].joins

    @property
    def takes_part(self) -> bool:  # type: ignore[override]
        """Whether its first step does."""
        return self.steps[0].takes_part

    def part(self, source: Spec) -> tuple[slice, ...]:
        return self.steps[0].part(source)

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
            target = pieces(step, target, [spec])[0].value
        return self.steps[0].invert(target, *sources)

    def without_cast(self) -> Layout:
        return chain(*(step.without_cast() for step in self.steps))

    def __str__(self) -> str:
        return " | ".join(map(str, self.steps))


def chain(*steps: Layout) -> Layout:
    """Returns the layout of `steps` in a row, those that do nothing left out."""
    real = tuple(step for step in steps if step != IDENTITY)
    return Chain(real) if len(real) > 1 else (*real, IDENTITY)[0]
