"""One variable of a checkpoint, known from the index; its value is read when asked for."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from tf1compat.checkpoint._selection import Index, Selection
from tf1compat.checkpoint.slices import Region
from tf1compat.checkpoint.stored_types import StoredType
from tf1compat.errors import CheckpointError, CorruptCheckpointError, UnsupportedCheckpointError
from tf1compat.registry import PASSED, briefly

if TYPE_CHECKING:
    import numpy as np

    from tf1compat.checkpoint.streams import Stream
    from tf1compat.names import VariableName

__all__ = ["Entry", "Part"]


class Part(Protocol):
    """A stored piece of a variable: all of it, or one slice.

    Attributes:
      region: which box of the full tensor it holds.
      path: the file it is in.
    """

    @property
    def region(self) -> Region:
        """The box of the full tensor that this piece holds."""

    @property
    def path(self) -> str:
        """The file that holds it."""

    def stored_bytes(self) -> int:
        """Returns how many bytes its value takes."""

    def require(self, variable: str) -> None:
        """Raises CorruptCheckpointError where the file can't hold what the index says."""

    def stream(self, variable: str) -> AbstractContextManager[Stream]:
        """Opens it for reading."""


class Entry:
    """A variable in a checkpoint: everything the index tells, and a way to read its value.

    Attributes:
      stored_key: what its checkpoint's index calls it: its :attr:`key`, but in an object-based one
        with the marks that TensorFlow adds (``fc/kernel/.ATTRIBUTES/VARIABLE_VALUE``).
      is_fixed: whether its checkpoint's graph can't be run with another value: it is a constant
        within a function there.
    """

    __slots__ = (
        "_name",
        "_named",
        "_parts",
        "_shape",
        "_stored",
        "_variable",
        "is_fixed",
        "stored_key",
    )

    def __init__(
        self,
        variable: str,
        *,
        stored: StoredType,
        shape: tuple[int, ...],
        parts: tuple[Part, ...],
        named: Callable[[str], VariableName],
        stored_key: str | None = None,
        is_fixed: bool = False,
    ) -> None:
        self.is_fixed = is_fixed
        self.stored_key = variable if stored_key is None else stored_key
        self._variable = variable
        self._stored = stored
        self._shape = shape
        self._parts = parts
        self._named = named
        self._name: VariableName | None = None  # asked for often, and not free

    @property
    def key(self) -> str:
        """The variable's full name, by which its checkpoint gives it."""
        return self._variable

    @property
    def name(self) -> VariableName:
        """The variable's name taken apart, in the light of all names of the checkpoint."""
        if self._name is None:
            self._name = self._named(self._variable)
        return self._name

    @property
    def shape(self) -> tuple[int, ...]:
        """The full tensor's shape, also where it is stored in slices."""
        return self._shape

    @property
    def dtype(self) -> np.dtype:
        """Numpy's dtype of the value: object (of bytes) for strings, integers for quantized.

        Raises:
          UnsupportedCheckpointError: values of this dtype can't be read (see `dtype_name`).
        """
        try:
            return self._stored.numpy()
        except UnsupportedCheckpointError as error:
            raise UnsupportedCheckpointError(f"variable {self._variable!r}: {error}") from error

    @property
    def dtype_name(self) -> str:
        """TensorFlow's name of the dtype, e.g. ``"bfloat16"``, ``"qint8"``, ``"string"``."""
        return self._stored.name

    @property
    def nbytes(self) -> int:
        """Bytes that the value takes in the checkpoint's data."""
        if self._stored.itemsize:
            return math.prod(self._shape) * self._stored.itemsize
        return sum(part.stored_bytes() for part in self._parts)

    @property
    def shards(self) -> tuple[str, ...]:
        """The paths of the files that hold the value, in order of its parts."""
        return tuple(dict.fromkeys(part.path for part in self._parts))

    @property
    def slices(self) -> tuple[tuple[slice, ...], ...]:
        """For a partitioned variable the index of each stored slice, for :meth:`read`; else ()."""
        if len(self._parts) == 1:  # which is all of it, or the index would have been refused
            return ()
        return tuple(part.region.slices() for part in self._parts)

    def read(self, index: Index = None) -> np.ndarray:
        """Returns the value, a new array; with `index`, what the value would give for ``[index]``.

        A checksum covers a whole stored tensor (or a whole slice of a partitioned one). So all
        of a tensor's bytes are read and checked, in windows, whatever `index` is; only the result
        is held in memory. Of a partitioned variable, the slices that `index` doesn't touch are
        neither read nor checked.

        Args:
          index: None for all, or integers, slices, an Ellipsis and None in a tuple, as numpy's
            basic indexing takes them (``(None,)`` adds an axis).

        Returns:
          An array of :attr:`dtype`, always an array: 0-d for a scalar.

        Raises:
          CorruptCheckpointError: the stored bytes don't match their checksum or don't make up a
            tensor, or their file is missing, cut short, or no file; it names file, variable and
            offset. Nothing is returned then.
          UnsupportedCheckpointError: the dtype holds no readable values, or numpy has no
            such shape.
          UsageError: `index` doesn't fit the shape.
        """
        import numpy as np

        from tf1compat.checkpoint.streams import gather

        dtype = self.dtype
        if max(self._shape, default=0) > sys.maxsize:  # of no elements, but of a shape nonetheless
            raise self._beyond_numpy(self._shape, "numpy's sizes are of 63 bits")
        selection = Selection(self._shape, () if index is None else index)
        touched = [(part, selection.within(part.region)) for part in self._parts]
        used = [(part, where) for part, where in touched if where or index is None]
        if index is None and len(used) == 1:
            return self._read_whole(used[0][0])
        for part, _ in used:
            part.require(self._variable)  # before memory is spent on what isn't there
        out = self._array(selection.shape, lambda shape: np.empty(shape, dtype))
        for part, where in used:
            with self._streaming(part) as stream:
                if where:
                    wanted, places = where
                    gather(stream, part.region.shape, wanted=wanted, out=out[places])
                stream.finish()
        return out[selection.final]

    def _read_whole(self, part: Part) -> np.ndarray:
        """Returns the value of a variable that is stored in one piece."""
        with self._streaming(part) as stream:
            out = stream.whole(math.prod(self._shape))
            stream.finish()
        return self._array(self._shape, out.reshape)

    def _array(
        self, shape: tuple[int, ...], made: Callable[[tuple[int, ...]], np.ndarray]
    ) -> np.ndarray:
        """Returns an array that is made; TensorFlow's ranks and sizes go beyond numpy's."""
        try:
            return made(shape)
        except ValueError as error:
            raise self._beyond_numpy(shape, str(error)) from error

    def _beyond_numpy(self, shape: tuple[int, ...], why: str) -> UnsupportedCheckpointError:
        return UnsupportedCheckpointError(
            f"variable {self._variable!r}: expected a shape that numpy has, found rank "
            f"{len(shape)}, {briefly(shape)} ({why}); leave the variable out"
        )

    @contextlib.contextmanager
    def _streaming(self, part: Part) -> Iterator[Stream]:
        """Opens a piece for reading; what its format raises of its own is said to be that one's."""
        try:
            with part.stream(self._variable) as stream:
                yield stream
        except PASSED:
            raise
        except Exception as error:
            raise CorruptCheckpointError(
                f"{part.path}: variable {self._variable!r}: its format: expected what its piece "
                f"streams or an error of this package, found {briefly(error)}"
            ) from error

    def check(self) -> list[CheckpointError]:
        """Reads and checks all stored bytes without keeping the value; returns what is wrong."""
        found: list[CheckpointError] = []
        for part in self._parts:
            try:
                part.require(self._variable)
                with self._streaming(part) as stream:
                    stream.skip(math.prod(part.region.shape))
                    stream.finish()
            except CheckpointError as error:
                found.append(error)
        return found

    def __str__(self) -> str:
        from tf1compat.checkpoint._views import entry_text

        return entry_text(self)

    def __repr__(self) -> str:
        return f"Entry({self._variable!r}, shape={self._shape}, dtype={self.dtype_name})"
