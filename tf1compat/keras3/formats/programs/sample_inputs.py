"""Inputs to try a program with: recorded ones, or made up where none are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tf1compat.errors import UsageError
from tf1compat.files.npz import read_npz
from tf1compat.keras3.index.looked_up import table_sizes
from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["made_inputs", "recorded_inputs"]

_SEED = 1155
_ROWS = 2  # of a batch
_SIZES = (8, 64, 224)  # of dimensions that aren't said; a convolutional model may need more
_FEW = 2  # what is no index is a flag, a mask or a segment

Specs = Mapping[str, Any]
"""By name what takes an input: its `shape` and its `dtype`."""


def made_inputs(index: ModelIndex, specs: Specs) -> Iterator[dict[str, np.ndarray]]:
    """Yields random inputs, the same each time, of larger sizes from one to the next."""
    bounds = table_sizes(index)
    known = all(None not in list(spec.shape)[1:] for spec in specs.values())
    for size in _SIZES[:1] if known else _SIZES:
        rng = np.random.default_rng(_SEED)
        yield {name: _made(rng, spec, size, bounds.get(name, _FEW)) for name, spec in specs.items()}


def _made(rng: Any, spec: Any, size: int, bound: int) -> np.ndarray:
    first, *others = list(spec.shape) or [None]
    shape = [_ROWS if first is None else first, *(size if d is None else d for d in others)]
    shape = shape if list(spec.shape) else []
    dtype = np.dtype(getattr(spec.dtype, "as_numpy_dtype", spec.dtype))
    if dtype.kind in "iub":
        return np.asarray(rng.integers(0, bound, shape)).astype(dtype)
    if dtype.kind in "fVc":
        return np.asarray(rng.normal(size=shape)).astype(dtype)
    raise UsageError(f"expected an input of numbers, found {dtype}; give recorded ones")


def recorded_inputs(path: str, names: list[str]) -> dict[str, np.ndarray]:
    """Returns the inputs of an ``.npz`` file: by these names, or in their order.

    The arrays named ``in/NAME`` are the inputs, as of a recording; all of them where none is.

    Raises:
      UsageError: it has another number of them, or they don't have rows in common.
    """
    arrays = read_npz(path)
    inputs = {k.removeprefix("in/"): v for k, v in arrays.items() if k.startswith("in/")} or arrays
    if len(inputs) != len(names):
        raise UsageError(
            f"{path}: expected an array for each input ({', '.join(names)}), found "
            f"{', '.join(inputs) or 'none'}"
        )
    ordered = (
        {n: inputs[n] for n in names}
        if set(names) == set(inputs)
        else dict(zip(names, inputs.values(), strict=True))
    )
    rows = {value.shape[0] if value.ndim else 0 for value in ordered.values()}
    if len(rows) != 1 or not min(rows):
        raise UsageError(
            f"{path}: expected arrays of as many rows each, found "
            f"{', '.join(f'{n} {v.shape}' for n, v in ordered.items())}"
        )
    return ordered
