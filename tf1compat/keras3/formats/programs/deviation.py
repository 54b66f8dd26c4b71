"""How far what one program computes is from what another does, output by output."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Deviation", "deviations"]


@dataclasses.dataclass(frozen=True)
class Deviation:
    """One output of two programs compared.

    Attributes:
      name: what the output is called.
      max_abs: the largest absolute difference; infinite where one side alone isn't finite.
      mean_abs: the mean one.
      max_rel: the largest, relative to the largest expected value.
    """

    name: str
    max_abs: float
    mean_abs: float
    max_rel: float

    def record(self) -> dict[str, Any]:
        """Returns what JSON holds of it; None stands for infinity, which JSON hasn't."""
        told = dataclasses.asdict(self)
        return {k: None if v in (math.inf,) else v for k, v in told.items()}

    def __str__(self) -> str:
        return f"{self.name}: max abs {self.max_abs:.3g}, max rel {self.max_rel:.3g}"


def deviations(
    names: Sequence[str], expected: Sequence[np.ndarray], found: Sequence[np.ndarray]
) -> tuple[Deviation, ...]:
    """Returns how far each of some outputs is off.

    >>> str(deviations(["y"], [np.array([1.0, -4.0])], [np.array([1.5, -4.0])])[0])
    'y: max abs 0.5, max rel 0.125'

    Raises:
      ValueError: there are other numbers or shapes of them.
    """
    told = zip(names, expected, found, strict=True)
    return tuple(_deviation(name, *map(np.asarray, pair)) for name, *pair in told)


def _deviation(name: str, expected: np.ndarray, found: np.ndarray) -> Deviation:
    if expected.shape != found.shape:
        raise ValueError(f"output {name}: expected shape {expected.shape}, found {found.shape}")
    if not expected.size:
        return Deviation(name, 0.0, 0.0, 0.0)
    first, second = expected.astype(np.float64), found.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gaps = np.abs(first - second)
    gaps[(first == second) | (np.isnan(first) & np.isnan(second))] = 0
    gaps[np.isnan(gaps)] = np.inf
    finite = np.abs(first[np.isfinite(first)])
    scale = float(finite.max()) if finite.size else 0.0
    largest = float(gaps.max())
    relative = largest / scale if scale else (np.inf if largest else 0.0)
    return Deviation(name, largest, float(gaps.mean()), float(relative))
