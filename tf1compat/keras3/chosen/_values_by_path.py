"""Values into the weights of a live model by path: all of them, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf1compat.errors import ModelError, Problem
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.keras3.chosen._weight_set import WeightSet
from tf1compat.keras3.index.weights import Weight
from tf1compat.keras3.models.deferred import initialize_model
from tf1compat.names import nearest_names
from tf1compat.names.spec_text import spec_text

__all__ = ["assign_values"]


def assign_values(some: WeightSet, values: Mapping[str, Any]) -> None:
    """Assigns `values` by path to weights among `some`.

    Raises:
      ModelError: naming every path that isn't there and every value that doesn't fit.
    """
    weights = {use: weight for weight in some.items for use in weight.uses}
    arrays = {path: np.asarray(value) for path, value in values.items()}
    problems = []
    for path, array in arrays.items():
        if path not in weights:
            near = ", ".join(nearest_names(path, weights)) or "none"
            remedy = f"nearest: {near}"
            problems.append(Problem(path, "a weight of the selection", "none", "", remedy))
        elif not _fits(weights[path], array):
            wanted = spec_text(weights[path].dtype, weights[path].shape)
            problems.append(Problem(path, wanted, spec_text(array.dtype.name, array.shape)))
    if problems:
        raise ModelError.from_problems("values that don't fit; nothing was assigned", problems)
    initialize_model(some.model)
    for path, array in arrays.items():
        weights[path].variable.assign(array.astype(numpy_dtype(weights[path].dtype)))


def _fits(weight: Weight, array: np.ndarray) -> bool:
    wanted = numpy_dtype(weight.dtype)
    same_kind = array.dtype == wanted or np.can_cast(array.dtype, wanted, casting="same_kind")
    return array.shape == weight.shape and same_kind
