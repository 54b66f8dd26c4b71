"""Outputs side by side: how far a Keras model's outputs are from a v1 graph's."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint.comparing import unequal_elements
from tf1compat.errors import UsageError, VerificationError
from tf1compat.files.npz import read_npz
from tf1compat.migration.verification.reference.channel_order import turn, turned
from tf1compat.printable import printable_name

__all__ = [
    "OutputDifference",
    "Recording",
    "as_rows",
    "compare_outputs",
    "load_inputs",
    "load_recording",
    "name_outputs",
    "output_difference",
]


_FAR = 0.02  # of a channel's own scale
_MANY = 8  # values that tell a channel's scale
_ROUNDED = 5e-7  # of the largest value: what sums in float32 may differ by anyway


@dataclasses.dataclass(frozen=True)
class OutputDifference:
    """One output compared.

    Attributes:
      name: the output's name in the recording.
      max_abs: largest absolute difference; infinite where one side alone is NaN or infinite.
      max_rel: `max_abs` relative to the largest absolute value of the expected output; where a
        channel (of the last axis) is far off, relative to the channel's own.
    """

    name: str
    max_abs: float
    max_rel: float

    def within(self, tolerance: float) -> bool:
        """Tells whether `max_rel` is at most `tolerance`."""
        return self.max_rel <= tolerance

    def __str__(self) -> str:
        return (
            f"{printable_name(self.name)}: max abs {self.max_abs:.3g}, max rel {self.max_rel:.3g}"
        )

    def record(self) -> dict[str, Any]:
        """Returns what JSON holds of it; None stands for infinity, which JSON hasn't."""
        gaps = {"max_abs": self.max_abs, "max_rel": self.max_rel}
        return {"name": self.name, **{k: v if math.isfinite(v) else None for k, v in gaps.items()}}


@dataclasses.dataclass(frozen=True)
class Recording:
    """What a v1 graph was given and what it computed.

    Attributes:
      inputs: arrays by input name.
      outputs: arrays by output name.
    """

    inputs: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]


def load_recording(path: str | os.PathLike[str]) -> Recording:
    """Returns the inputs (``in/NAME``) and outputs (``out/NAME``) of an ``.npz`` file.

    Raises:
      UsageError: if it is no such file, or holds no inputs or no outputs.
      BudgetError: it unpacks to far more than its size warrants.
    """
    arrays = read_npz(path)
    inputs, outputs = _named(arrays, "in/"), _named(arrays, "out/")
    if not inputs or not outputs:
        raise UsageError(
            f"{path}: expected arrays named in/NAME and out/NAME, found {sorted(arrays)[:6]}"
        )
    return Recording(inputs, outputs)


def load_inputs(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Returns the arrays of an ``.npz`` file named ``in/NAME``, or all of them if none is.

    Raises:
      UsageError: if it is no such file, or empty.
      BudgetError: it unpacks to far more than its size warrants.
    """
    arrays = read_npz(path)
    if not arrays:
        raise UsageError(f"{path}: expected arrays to give the graph, found none")
    return _named(arrays, "in/") or arrays


def _named(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}


def compare_outputs(
    expected: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]
) -> tuple[OutputDifference, ...]:
    """Returns the difference of each expected output, in their order.

    Raises:
      VerificationError: if an output is missing or has another shape.
    """
    missing = [name for name in expected if name not in found]
    if missing:
        raise VerificationError(
            f"expected outputs {', '.join(missing)}, found {', '.join(found) or 'none'}"
        )
    return tuple(_difference(name, expected[name], found[name]) for name in expected)


def as_rows(expected: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Returns an array in another shape, if that only joins or parts its first axes.

    Programs of 1.x computed logits of ``[batch * time, classes]`` where a model's have three axes,
    and images with channels first where a model has them last. Else it is returned as it is.
    """
    size = math.prod(shape)
    folds = expected.ndim and len(shape) and expected.shape[-1] == shape[-1]
    if expected.size != size or turn(expected.shape, shape) is not None:
        return turned(expected, shape)
    return expected.reshape(shape) if folds else expected


def output_difference(name: str, tensor: np.ndarray, found: np.ndarray) -> OutputDifference:
    """Returns how far an output is from a tensor of the v1 graph, whose axes may be arranged so."""
    return _difference(name, as_rows(tensor, found.shape), found)


def _difference(name: str, expected: np.ndarray, found: np.ndarray) -> OutputDifference:
    if expected.shape != found.shape:
        raise VerificationError(
            f"output {name}: expected shape {expected.shape}, found {found.shape}"
        )
    unequal, gaps = unequal_elements(expected, found)
    if not gaps.size:
        return OutputDifference(name, 0.0, 0.0)
    largest = float("inf") if not np.isfinite(gaps).all() else float(gaps.max())
    finite = np.abs(expected[np.isfinite(expected)])
    scale = float(finite.max()) if finite.size else 0.0
    relative = largest / scale if scale else float("inf")
    if np.isfinite(relative) and expected.ndim > 1:
        every = np.zeros(expected.shape)
        every[unequal] = gaps
        relative = max(relative, _of_a_channel(expected, every, scale))
    return OutputDifference(name, largest, relative)


def _of_a_channel(expected: np.ndarray, gaps: np.ndarray, scale: float) -> float:
    """Returns the largest difference of a channel that is off by more than rounding, or 0.

    Scores beside boxes in pixels: what is small for the one is large for the other.
    """
    if expected.size < _MANY * expected.shape[-1]:  # near zero by chance, that is no scale
        return 0.0
    others = tuple(range(expected.ndim - 1))
    size = np.abs(np.nan_to_num(expected.astype(np.float64), posinf=0, neginf=0)).max(others)
    worst = gaps.max(others)
    far = worst > np.maximum(_FAR * size, _ROUNDED * scale)
    return float((worst[far] / np.maximum(size[far], worst[far] * _FAR)).max(initial=0.0))


def name_outputs(
    outputs: Any, names: Sequence[str], *, own: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """Returns a model's outputs (an array, a sequence or a dict of them) by recorded name.

    A dict goes by its own keys where they are the recorded names, and a sequence by what the model
    calls its outputs (`own`) where these are; everything else by order.

    Raises:
      VerificationError: if there are fewer outputs than names.
    """
    if isinstance(outputs, Mapping):
        if set(names) <= set(outputs):
            return {name: np.asarray(outputs[name]) for name in names}
        outputs = list(outputs.values())
    rows = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    called = dict(zip(own, rows, strict=False))
    if len(called) == len(rows) and set(names) <= set(called):
        return {name: np.asarray(called[name]) for name in names}
    if len(rows) < len(names):
        raise VerificationError(
            f"expected {len(names)} outputs ({', '.join(names)}), found {len(rows)}"
        )
    return {name: np.asarray(row) for name, row in zip(names, rows, strict=False)}
