"""What computes without Keras."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["Program"]


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
    run: Callable[[Mapping[str, np.ndarray]], Sequence[np.ndarray]]
