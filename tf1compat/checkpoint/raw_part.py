"""Tensors that files hold as they are in memory, without a checksum of each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tf1compat.checkpoint.slices import Region
from tf1compat.checkpoint.stored_types import StoredType
from tf1compat.files.regular import SeenFile

if TYPE_CHECKING:
    from tf1compat.checkpoint.streams import Stream

__all__ = ["RawPart", "whole_region"]


def whole_region(shape: tuple[int, ...]) -> Region:
    """Returns the box that is all of a tensor.

    >>> whole_region((3, 4))
    Region(start=(0, 0), shape=(3, 4))
    """
    return Region((0,) * len(shape), shape)


class RawPart(NamedTuple):
    """A tensor of `size` bytes, little-endian and in C order, in a file that was looked into."""

    region: Region
    file: SeenFile
    offset: int
    size: int
    stored: StoredType

    @property
    def path(self) -> str:
        """The file that holds it."""
        return self.file.path

    def stored_bytes(self) -> int:
        """Returns the bytes it takes in its file."""
        return self.size

    def require(self, variable: str) -> None:
        """Raises CorruptCheckpointError where the file isn't there any more, or is another."""
        with self.file.opened(variable=variable):
            pass

    @contextlib.contextmanager
    def stream(self, variable: str) -> Iterator[Stream]:
        """Opens it for reading, in windows."""
        from tf1compat.checkpoint.streams import RawStream

        with self.file.opened(variable=variable) as file:
            yield RawStream(file, offset=self.offset, dtype=self.stored.numpy(), crc=None)
