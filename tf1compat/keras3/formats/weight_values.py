"""The values of a model's weights on their way to a file, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tf1compat.errors import ModelError, UsageError
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.files.manifest import Manifest, TensorDigest

if TYPE_CHECKING:
    import numpy as np

    from tf1compat.keras3.index.model_index import ModelIndex
    from tf1compat.keras3.index.optimizer_index import OptimizerIndex
    from tf1compat.keras3.index.weights import Weight

__all__ = [
    "NotedValues",
    "ReadWeight",
    "all_values",
    "manifest_of",
    "notes_of",
    "optimizer_of",
    "sources_of",
    "value_of",
]

ReadWeight = Callable[["Weight"], "np.ndarray | None"]
"""Gives the value of a weight; None for one that keeps the value it has."""


class NotedValues:
    """Gives values, and says what the manifest of what they are written to is to hold beside them.

    A format that doesn't ask for the notes writes a manifest without.

    Attributes:
      notes: what the manifest is to hold.
      sources: by the weight's path, the v1 names of what its value is made of, as far as known.
      optimizer: the variables of the model's optimizer, where they are to be given values as well.
      raised: the errors of giving values, which aren't those of the format that asked.
    """

    def __init__(
        self,
        read: ReadWeight,
        notes: Mapping[str, Any],
        *,
        sources: Mapping[str, Sequence[str]] = MappingProxyType({}),
        optimizer: OptimizerIndex | None = None,
    ) -> None:
        self._read = read
        self.notes = dict(notes)
        self.sources = {path: tuple(names) for path, names in sources.items()}
        self.optimizer = optimizer
        self.raised: list[Exception] = []

    def __call__(self, weight: Weight) -> np.ndarray | None:
        """Returns the value of a weight.

        Raises:
          UsageError: it isn't one.
        """
        from tf1compat.keras3.index.weights import Weight

        if not isinstance(weight, Weight):
            raise UsageError(f"expected to be asked for the value of a Weight, found {weight!r}")
        try:
            return self._read(weight)
        except Exception as error:
            self.raised.append(error)
            raise


def notes_of(read: ReadWeight) -> Mapping[str, Any]:
    """Returns what a manifest is to hold beside the digests of the values that `read` gives."""
    return read.notes if isinstance(read, NotedValues) else {}


def sources_of(read: ReadWeight) -> Mapping[str, Sequence[str]]:
    """Returns the v1 names of what values are made of, by weights' paths, as far as known."""
    return read.sources if isinstance(read, NotedValues) else {}


def manifest_of(
    digests: Iterable[TensorDigest],
    read: ReadWeight,
    parts: Mapping[str, str] = MappingProxyType({}),
) -> Manifest:
    """Returns the manifest of what was written of the values that `read` gave, and of parts."""
    return Manifest(tuple(digests), notes_of(read), dict(parts))


def optimizer_of(read: ReadWeight) -> OptimizerIndex | None:
    """Returns the optimizer whose variables `read` gives the values of as well."""
    return read.optimizer if isinstance(read, NotedValues) else None


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
