"""Some weights of a model: an immutable sequence that prints as a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

import keras
import numpy as np

from tf1compat.errors import ModelError
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.weights import Weight
from tf1compat.keras3.models.deferred import initialize_model
from tf1compat.names.listing import SHOWN, listing, total
from tf1compat.printable import joined, printable_name

__all__ = ["WeightSet", "trained_now", "weight_bytes", "weight_size", "weight_value"]

_HEADER = ("name", "shape", "dtype", "parameters", "bytes", "role", "trained", "also")
_S = TypeVar("_S", bound="WeightSet")


class WeightSet(Sequence[Any]):
    """Some weights of a model, each once, in order of creation; iterating gives the variables.

    What it holds never changes; what is said of training is as the model is when it is asked.

    Attributes:
      model_index: the model's :class:`~tf1compat.keras3.ModelIndex`.
      items: for each weight a :class:`~tf1compat.keras3.Weight` with its facts.
    """

    def __init__(self, model_index: ModelIndex, items: Sequence[Weight]) -> None:
        self.model_index = model_index
        self.items = tuple(items)

    @property
    def model(self) -> keras.layers.Layer:
        """The model that they are of."""
        return self.model_index.model

    @property
    def names(self) -> tuple[str, ...]:
        """Paths of the weights."""
        return tuple(weight.path for weight in self.items)

    @property
    def parameters(self) -> int:
        """Number of elements of all together."""
        return sum(map(weight_size, self.items))

    @property
    def nbytes(self) -> int:
        """Bytes of all together."""
        return sum(map(weight_bytes, self.items))

    def one(self) -> Any:
        """Returns the only variable in it.

        Raises:
          ModelError: there is none, or several; the message names them.
        """
        if len(self.items) != 1:
            several = ", ".join(self.names[:5]) or "none"
            raise ModelError(f"expected exactly one, found {len(self.items)}: {several}")
        return self.items[0].variable

    def read(self) -> dict[str, np.ndarray]:
        """Returns the values by path, copies.

        A model that was built without memory is given its initial values first.
        """
        initialize_model(self.model)
        return {weight.path: weight_value(weight) for weight in self.items}

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Returns the facts of each weight by its path, in plain values.

        Each has ``shape`` (list), ``dtype``, ``size``, ``nbytes``, ``role``, ``layer`` (path),
        ``layer_class``, ``trainable`` (now) and ``uses`` (every path that leads to it).
        """
        trained = trained_now(self.model_index)
        return {weight.path: _facts(weight, trained) for weight in self.items}

    def to_json(self, *, indent: int | None = 2) -> str:
        """Returns :meth:`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent)

    def table(self, *, rows: int | None = SHOWN) -> str:
        """Returns a table of at most `rows` lines (None for all), and a line of totals.

        ``trained`` tells what training this model changes; moving statistics aren't, whether or
        not their layers move them. ``also`` are further paths that lead to the same weight.
        """
        shown = self.items if rows is None else self.items[:rows]
        trained = trained_now(self.model_index)
        lines = listing(
            _HEADER,
            [_row(weight, trained) for weight in shown],
            numbers=("parameters", "bytes"),
            left_off=len(self.items) - len(shown),
        )
        counted = total(len(self.items), parameters=self.parameters, nbytes=self.nbytes)
        return joined([*lines, f"{counted}{self._of_them(trained)}"])

    def _of_them(self, trained: Mapping[int, Any]) -> str:
        training = [weight for weight in self.items if id(weight.variable) in trained]
        if not self.items:
            return ""
        return f"; {len(training):,} trained, with {sum(map(weight_size, training)):,} parameters"

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        names = ", ".join(self.names[:5]) + (", ..." if len(self.items) > 5 else "")
        return printable_name(f"<{len(self.items)} weights: {names}>")

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return (weight.variable for weight in self.items)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self: _S, index: slice) -> _S: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._kept(self.items[index])
        return self.items[index].variable

    def __contains__(self, value: object) -> bool:
        # By identity: a variable's own == gives a tensor.
        return any(weight.variable is value for weight in self.items)

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """Returns at which place `value` itself is; raises ValueError where it isn't."""
        for at in range(len(self.items))[start:stop]:
            if self.items[at].variable is value:
                return at
        raise ValueError(f"{getattr(value, 'path', value)!r} is not in it")

    def count(self, value: Any) -> int:
        """Returns 1 if `value` itself is in it, else 0."""
        return int(value in self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WeightSet):
            return NotImplemented
        return _identities(self) == _identities(other)

    def __hash__(self) -> int:
        return hash(tuple(_identities(self)))

    def _kept(self: _S, items: Sequence[Weight]) -> _S:
        return type(self)(self.model_index, items)

    def _where(self: _S, accept: Callable[[Weight], bool]) -> _S:
        return self._kept([weight for weight in self.items if accept(weight)])


def trained_now(index: ModelIndex) -> dict[int, Any]:
    """Returns, by ``id``, the variables that training the model would change."""
    return {id(variable): variable for variable in index.model.trainable_variables}


def weight_size(weight: Weight) -> int:
    """Returns the number of elements of a weight."""
    return int(np.prod(weight.shape, dtype=np.int64))


def weight_bytes(weight: Weight) -> int:
    """Returns the bytes that a weight's value takes."""
    return weight_size(weight) * numpy_dtype(weight.dtype).itemsize


def weight_value(weight: Weight) -> np.ndarray:
    """Returns a copy of a weight's value."""
    return np.array(keras.ops.convert_to_numpy(weight.variable))


def _identities(some: WeightSet) -> list[int]:
    return [id(weight.variable) for weight in some.items]


def _facts(weight: Weight, trained: Mapping[int, Any]) -> dict[str, Any]:
    return {
        "shape": list(weight.shape),
        "dtype": weight.dtype,
        "size": weight_size(weight),
        "nbytes": weight_bytes(weight),
        "role": weight.role,
        "layer": weight.layer_path,
        "layer_class": weight.layer_class,
        "trainable": id(weight.variable) in trained,
        "uses": list(weight.uses),
    }


def _row(weight: Weight, trained: Mapping[int, Any]) -> tuple[str, ...]:
    return (
        weight.path,
        str(weight.shape),
        weight.dtype,
        f"{weight_size(weight):,}",
        f"{weight_bytes(weight):,}",
        weight.role,
        "yes" if id(weight.variable) in trained else "no",
        ", ".join(weight.aliases),
    )
