"""The values of a model's weights on their way to a file, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tf1compat.errors import ModelError
from tf1compat.files.dtypes import numpy_dtype

if TYPE_CHECKING:
    import numpy as np

    from tf1compat.keras3.index.model_index import ModelIndex
    from tf1compat.keras3.index.weights import Weight

__all__ = ["ReadWeight", "all_values", "value_of"]

ReadWeight = Callable[["Weight"], "np.ndarray | None"]
"""Gives the value of a weight; None for one that keeps the value it has."""


def value_of(weight: Weight, read: ReadWeight) -> np.ndarray:
    """Returns what is to be written for a weight: what `read` gives, or the value it has.

    Raises:
      ModelError: `read` gives another shape or dtype than the weight's.
    """
    import keras
    import numpy as np

    value = read(weight)
    if value is None:
        value = keras.ops.convert_to_numpy(weight.variable)
    value = np.asarray(value)
    if value.shape != weight.shape or value.dtype.newbyteorder("=") != numpy_dtype(weight.dtype):
        raise ModelError(
            f"{weight.path}: expected a value of shape {weight.shape} and dtype {weight.dtype}, "
            f"found shape {value.shape} and dtype {value.dtype.name}"
        )
    return value


def all_values(index: ModelIndex, read: ReadWeight) -> Iterator[tuple[Weight, np.ndarray]]:
    """Yields every weight of an index with what is to be written for it, one after the other.

    Raises:
      ModelError: as :func:`value_of`.
    """
    for weight in index.values():
        yield weight, value_of(weight, read)
