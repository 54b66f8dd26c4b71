"""Values made when they are asked for: as the checkpoint has them, and changed at random.

A proof runs models of gigabytes. So no value is held: each is read, and changed, once more whenever
it is asked for, and is the same each time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

import numpy as np

__all__ = ["Lazy", "changed", "step"]

_SEED = 1155
_CHANGE = 0.3  # of a value's own scale
_LEAST = 0.3


class Lazy(Mapping[str, np.ndarray]):
    """Arrays by name, each made anew when it is asked for."""

    def __init__(self, names: Iterable[str], make: Callable[[str], np.ndarray]) -> None:
        self._names = dict.fromkeys(names)
        self._make = make

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise KeyError(name)
        return self._make(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def changed(
    plain: Mapping[str, np.ndarray], only: Container[str] | None = None
) -> Mapping[str, np.ndarray]:
    """Returns the same values, those of `only` changed at random; by default all."""

    def make(name: str) -> np.ndarray:
        if only is not None and name not in only:
            return plain[name]
        rng = np.random.default_rng([_SEED, zlib.crc32(name.encode())])
        return _perturbed(plain[name], rng)

    return Lazy(plain, make)


def _perturbed(value: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns `value` changed at random by about a third of its scale; integers as they are.

    A vector that is nowhere negative, like a variance, stays so.
    """
    if value.dtype.kind not in "fV" or not value.size:
        return value
    kind = np.float64 if value.dtype.itemsize > np.dtype(np.float32).itemsize else np.float32
    plain: np.ndarray = value.astype(kind)
    # Biases and statistics near zero change by what would matter to an activation of ordinary size.
    least = _LEAST if value.ndim < 2 else 0.0
    scale = _CHANGE * (max(_root_mean_square(plain), least) or _LEAST)
    change: np.ndarray = rng.standard_normal(value.shape, kind)
    change *= kind(scale)
    change += plain
    if value.ndim < 2 and plain.min() >= 0:
        change = np.abs(change) + kind(scale)
    return np.asarray(change).astype(value.dtype)


def step(before: np.ndarray, after: np.ndarray) -> float:
    """Returns the size of a change, per element."""
    if before.dtype.kind not in "fV" or not before.size:
        return 0.0
    return _root_mean_square(after.astype(np.float32) - before.astype(np.float32))


def _root_mean_square(value: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(value), dtype=np.float64)))
