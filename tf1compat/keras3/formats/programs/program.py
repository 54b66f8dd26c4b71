"""What computes without Keras."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["Program", "Run", "in_batches"]

Run = Callable[[Mapping[str, np.ndarray]], Sequence[np.ndarray]]
"""Returns outputs, in their order, for inputs by name."""


@dataclasses.dataclass(frozen=True)
class Program:
    """What computes without Keras.

    Attributes:
      inputs: by name, the `shape` and the `dtype` of each.
      outputs: their names, in the order in which Keras flattens the model's.
      run: returns the outputs, in that order, for inputs by name.
    """

    inputs: Mapping[str, Any]
    outputs: tuple[str, ...]
    run: Run


def in_batches(run: Run, inputs: Mapping[str, Any]) -> Run:
    """Returns what runs several batches, one after the other, where a program takes one size alone.

    Args:
      run: runs one batch.
      inputs: as of :class:`Program`.

    Raises:
      ValueError: when it is run, on rows that don't make up batches.
    """
    sizes = {next(iter(spec.shape)) for spec in inputs.values() if len(list(spec.shape))}
    size = sizes.pop() if len(sizes) == 1 else None

    def run_each(given: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        rows = {len(value) for value in given.values() if value.ndim}
        if size is None or rows == {size}:
            return run(given)
        if len(rows) != 1 or min(rows) % size or not min(rows):
            found = ", ".join(map(str, sorted(rows)))
            raise ValueError(f"expected batches of {size} rows, found {found}")
        starts = range(0, min(rows), size)
        parts = [run({n: v[at : at + size] for n, v in given.items()}) for at in starts]
        return [np.concatenate(some) for some in zip(*parts, strict=True)]

    return run_each
