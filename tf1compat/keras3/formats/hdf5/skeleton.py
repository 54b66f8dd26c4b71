"""A file as Keras lays it out, with marks where the weights' values go.

Keras alone knows under which name it looks for which weight: groups are called after the attributes
that hold layers, within lists of layers after their classes with a number that counts anew in each
file (``layers/dense_1/vars/0``), never after the layers' names. So Keras saves the model, and each
layer's ``save_own_variables`` is given a store that puts a tiny mark in place of each variable.
No value is looked at, so variables that have none yet serve as well.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from tf1compat.errors import ModelError, Problem
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.keras3.formats.hdf5.disk_errors import disk_error
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.optimizer_index import OptimizerIndex
from tf1compat.keras3.index.weights import Weight
from tf1compat.names.first_line import first_line
from tf1compat.stopping import contained

__all__ = ["mark_shape", "marked_number", "save_skeleton"]

_MARK = 0x7F1C  # with 0 elements and this extent no array of a layer's own is mistaken for a mark


def save_skeleton(
    index: ModelIndex,
    save: Callable[[Any], object],
    *,
    optimizer: OptimizerIndex | None = None,
) -> tuple[Weight, ...]:
    """Has `save` save the indexed model, marks in place of weights.

    Args:
      index: the model's index.
      save: is given the model and calls Keras' own way of saving to one format.
      optimizer: the model's, where its variables are to be marked as well.

    Returns:
      the weights whose places were marked, by number.

    Raises:
      ModelError: Keras can't save this model, or leaves out a weight or changes it in saving; all
        such weights are named.
      OSError: the disk is full, or fails; it may be behind another error.
    """
    model = index.model
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise ModelError(f"expected a keras.Model to save, found the layer {kind}; wrap it in one")
    marks = _Marks(index, optimizer)
    try:
        with _substituted(index, marks), contained():
            save(model)
    except Exception as error:
        if isinstance(error, OSError) or disk_error(error, "") is not None:
            raise  # it isn't the model's fault
        reason = first_line(error, otherwise="no message")
        raise ModelError(
            f"{model.name} ({type(model).__name__}): Keras can't save this model: "
            f"{type(error).__name__}: {reason}"
        ) from error
    marks.require_all()
    return tuple(marks.weights)


def mark_shape(number: int) -> tuple[int, ...]:
    """Returns the shape of the mark of this number."""
    return 0, number, _MARK


def marked_number(shape: tuple[int, ...]) -> int | None:
    """Returns the number of the weight whose mark has this shape; None where it is no mark."""
    return shape[1] if len(shape) == 3 and shape[0] == 0 and shape[2] == _MARK else None


class _Marks:
    """The weights of an index as their marks are handed out."""

    def __init__(self, index: ModelIndex, optimizer: OptimizerIndex | None) -> None:
        self.weights: list[Weight] = []
        self.optimizer = optimizer
        kept = [] if optimizer is None else [one.weight for one in optimizer.values()]
        self._wanted = [*(one for one in index.values() if one.kind == "weight"), *kept]
        self._known = {**index.by_variable, **{id(one.variable): one for one in kept}}
        self._numbers: dict[str, int] = {}

    def mark(self, value: Any) -> Any:
        """Returns the mark of a variable that is known; anything else as it is."""
        weight = self._known.get(id(value))
        if weight is None:
            return value
        number = self._numbers.setdefault(weight.path, len(self.weights))
        if number == len(self.weights):
            self.weights.append(weight)
        return np.empty(mark_shape(number), numpy_dtype(weight.dtype))

    def require_all(self) -> None:
        """Does nothing when every weight was marked, those of random generators aside."""
        problems = [
            Problem(
                weight.path,
                "to be saved as it is",
                f"not given to Keras by {weight.layer_class or 'optimizer'}.save_own_variables",
                weight.layer_name,
                "convert into the live model, and save that with Keras",
            )
            for weight in self._wanted
            if weight.path not in self._numbers
        ]
        if problems:
            raise ModelError.from_problems(
                f"{len(problems)} weight(s) that Keras doesn't save, or not as they are", problems
            )


class _Store:
    """What a layer's ``save_own_variables`` sees: Keras' store, with marks for variables."""

    def __init__(self, store: Any, marks: _Marks) -> None:
        self._store = store
        self._marks = marks

    def __setitem__(self, key: str, value: Any) -> None:
        self._store[key] = self._marks.mark(value)

    def __getitem__(self, key: str) -> Any:
        return self._store[key]

    def __delitem__(self, key: str) -> None:
        del self._store[key]

    def __contains__(self, key: object) -> bool:
        return key in self._store

    def __len__(self) -> int:
        return len(self._store)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@contextlib.contextmanager
def _substituted(index: ModelIndex, marks: _Marks) -> Iterator[None]:
    """Has every layer save through a :class:`_Store`; on leaving they are as they were."""
    changed: list[tuple[Any, Any]] = []

    def replace(one: Any, save: Any) -> None:
        own = vars(one).get("save_own_variables")
        one.save_own_variables = save
        changed.append((one, own))

    try:
        for node in index.layers:
            replace(node.layer, _through(node.layer.save_own_variables, marks))
        for one in _plain_optimizers(marks.optimizer):
            replace(one, _by_number(one, marks))
        yield
    finally:
        for one, own in changed:
            del one.save_own_variables
            if own is not None:
                one.save_own_variables = own


def _plain_optimizers(optimizer: OptimizerIndex | None) -> Iterator[Any]:
    """Yields a model's optimizer and the one within, if they save as all of Keras' do."""
    plain = keras.optimizers.Optimizer.save_own_variables
    for one in dict.fromkeys((optimizer.outer, optimizer.optimizer)) if optimizer else ():
        if type(one).save_own_variables is plain:
            yield one


def _by_number(optimizer: Any, marks: _Marks) -> Any:
    """Keras' optimizers save values, of which nobody could tell whose they are."""

    def save_own_variables(store: Any) -> None:
        for number, variable in enumerate(optimizer.variables):
            store[str(number)] = marks.mark(variable)

    return save_own_variables


def _through(save: Any, marks: _Marks) -> Any:
    def save_own_variables(store: Any) -> None:
        save(_Store(store, marks))

    return save_own_variables
