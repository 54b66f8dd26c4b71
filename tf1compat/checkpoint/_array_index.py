"""Checkpoints whose values are simply arrays: for formats that another library decodes."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tf1compat.checkpoint.slices import Region
from tf1compat.checkpoint.stored_types import StoredType, stored_type_of
from tf1compat.errors import CheckpointError, CorruptCheckpointError, UsageError
from tf1compat.files.raw import is_textual, strings
from tf1compat.registry import are_texts, asked, briefly

if TYPE_CHECKING:
    import numpy as np

    from tf1compat.checkpoint.streams import Stream

__all__ = ["ArrayIndex", "StoredArray"]


@dataclasses.dataclass(frozen=True)
class StoredArray:
    """A value in a file.

    Attributes:
      stored: its dtype as TensorFlow numbers it.
      shape: its dimensions.
      read: returns it as an array, without a mask; raises what is wrong with it as a
        CheckpointError.
      size: the bytes that it takes where its dtype doesn't tell; None if it has to be read for
        that.
    """

    stored: StoredType
    shape: tuple[int, ...]
    read: Callable[[], np.ndarray]
    size: int | None = None

    def __post_init__(self) -> None:
        sizes = isinstance(self.shape, tuple) and all(type(size) is int for size in self.shape)
        if not (isinstance(self.stored, StoredType) and sizes and callable(self.read)):
            raise UsageError(
                "expected the array of a checkpoint as a StoredType, a tuple of sizes and what "
                f"reads it, found {briefly((self.stored, self.shape, self.read))}"
            )

    @classmethod
    def of(cls, array: np.ndarray) -> StoredArray:
        """Returns that of an array in memory.

        Raises:
          UnsupportedCheckpointError: TensorFlow has no such dtype.
        """
        return cls(stored_type_of(array.dtype), array.shape, array.view)


class ArrayPart(NamedTuple):
    """A variable in one piece, which is decoded as a whole."""

    region: Region
    path: str
    value: StoredArray

    def stored_bytes(self) -> int:
        """Returns the bytes of its strings, which mostly have to be read to tell."""
        if self.value.size is not None:
            return self.value.size
        return sum(map(len, strings(self._read(None))))

    def require(self, variable: str) -> None:
        """Does nothing: reading tells."""

    @contextlib.contextmanager
    def stream(self, variable: str) -> Iterator[Stream]:
        """Reads it and gives its elements.

        Raises:
          CorruptCheckpointError: it isn't of the dtype and shape that were said.
        """
        from tf1compat.checkpoint.streams import ArrayStream

        value = self._read(variable)
        if value.shape != self.value.shape or stored_type_of(value.dtype) != self.value.stored:
            raise CorruptCheckpointError(
                f"expected {self.value.stored.name} of shape {self.value.shape}, found "
                f"{value.dtype.name} of shape {value.shape}",
                file=self.path,
                variable=variable,
            )
        yield ArrayStream(_elements(value, self.value.stored.numpy()))

    def _read(self, variable: str | None) -> np.ndarray:
        """Returns what the format reads; whatever it raises but a CheckpointError is damage."""
        import numpy as np

        value: np.ndarray = asked(
            "its format",
            "read",
            call=self.value.read,
            fits=lambda answer: (
                isinstance(answer, np.ndarray) and not isinstance(answer, np.ma.MaskedArray)
            ),
            words="an array without a mask",
            error=functools.partial(CorruptCheckpointError, file=self.path, variable=variable),
        )
        return value


def _elements(value: np.ndarray, wanted: np.dtype) -> np.ndarray:
    """Returns the elements, flat, as entries give them: strings as bytes, quantized as integers."""
    import numpy as np

    if is_textual(value):
        flat = np.empty(value.size, object)
        flat[:] = list(strings(value))
        return flat
    flat = value.reshape(-1)
    # A copy: what a format from outside answers may be what it holds.
    return flat.view(wanted).copy() if flat.dtype.names else flat.astype(wanted)


class ArrayIndex:
    """The variables of a checkpoint that is arrays by name."""

    def __init__(self, files: Sequence[str], arrays: Mapping[str, StoredArray]) -> None:
        """Makes one.

        Args:
          files: the paths of its files, the one that holds the values first.
          arrays: the values by the variables' names.
        """
        if not (isinstance(files, (tuple, list)) and files and are_texts(files)):
            raise UsageError(f"expected the paths of a checkpoint's files, found {briefly(files)}")
        for name, array in arrays.items():
            if not (isinstance(name, str) and isinstance(array, StoredArray)):
                raise UsageError(
                    "expected arrays of a checkpoint as StoredArray by name, found "
                    f"{briefly(array)} by {briefly(name)}"
                )
        self._files = tuple(files)
        self._arrays = {name: arrays[name] for name in sorted(arrays, key=str.encode)}

    def names(self) -> tuple[str, ...]:
        """Returns the variables' names, sorted by their bytes."""
        return tuple(self._arrays)

    def lookup(self, name: str) -> tuple[StoredType, tuple[int, ...], tuple[ArrayPart, ...]]:
        """Returns dtype, shape and the one piece of a variable; KeyError where there is none."""
        value = self._arrays[name]
        whole = Region((0,) * len(value.shape), value.shape)
        return value.stored, value.shape, (ArrayPart(whole, self._files[0], value),)

    def files(self) -> tuple[str, ...]:
        """Returns the paths of its files."""
        return self._files

    def check(self) -> list[CheckpointError]:
        """Returns nothing: whatever there is to check is within the values."""
        return []
