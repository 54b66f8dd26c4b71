"""A live Keras model as a checkpoint: its weights by path, read when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np

from tf1compat.checkpoint import ArrayIndex, Checkpoint, StoredArray, stored_type_of
from tf1compat.keras3.index.model_index import ModelIndex, index_model
from tf1compat.keras3.index.weights import Weight
from tf1compat.keras3.models.deferred import initialize_model
from tf1compat.names import VariableName

__all__ = ["model_checkpoint"]


class _LiveModel:
    """The format of a model in memory, of which there are no files."""

    name = "Keras model"
    summary = "a model in memory"

    def __init__(self, index: ModelIndex) -> None:
        self._index = index

    def prefix_of(self, path: str) -> None:
        """Returns None: no path is one."""

    def exists(self, prefix: str) -> bool:
        """Returns False: nothing is at a path."""
        return False

    def prefixes(self, directory: str, names: list[str]) -> Iterable[str]:
        """Returns none."""
        return ()

    def is_directory(self, path: str) -> bool:
        """Returns False."""
        return False

    def graph_path(self, prefix: str) -> None:
        """Returns None: there is no v1 graph."""

    def open(self, prefix: str) -> _LiveIndex:
        """Returns the weights as arrays."""
        return _LiveIndex(prefix, self._index)


class _LiveIndex(ArrayIndex):
    """The weights of a model, of which the model says what they are."""

    def __init__(self, label: str, index: ModelIndex) -> None:
        arrays = {
            path: StoredArray(stored_type_of(weight.dtype), weight.shape, _reader(weight))
            for path, weight in index.items()
        }
        super().__init__([label], arrays)
        self._index = index

    def files(self) -> tuple[str, ...]:
        """Returns none."""
        return ()

    def known_names(self) -> Mapping[str, VariableName]:
        """Returns what each weight is in its layer."""
        return {path: _name(weight) for path, weight in self._index.items()}


def model_checkpoint(model: Any) -> Checkpoint:
    """Returns the weights of a built model as a checkpoint, with their values whenever read.

    A model that was built without memory is given its initial values first. States of random
    generators are among the variables, of kind ``"random_state"``.

    Args:
      model: a built Keras model, or its :class:`~tf1compat.keras3.ModelIndex`.

    Raises:
      ModelError: if it is no Keras model, or parts of it aren't built.
    """
    index = index_model(model)
    initialize_model(index.model)
    return Checkpoint(f"the model {index.model.name}", _LiveModel(index))


def _reader(weight: Weight) -> Any:
    return lambda: np.array(keras.ops.convert_to_numpy(weight.variable))


def _name(weight: Weight) -> VariableName:
    scope = weight.layer_path
    return VariableName(
        full=weight.path,
        scope=scope,
        leaf=weight.path.removeprefix(f"{scope}/"),
        role="unknown" if weight.kind == "state" else weight.role,
        kind="random_state" if weight.kind == "state" else "variable",
    )
