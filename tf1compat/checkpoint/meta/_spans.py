"""Fields of messages by where they are in a file, so that large ones needn't be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from tf1compat.checkpoint.wire import FIXED32, FIXED64, LENGTH, VARINT, WireError, read_varint

__all__ = ["Bytes", "Source", "Span", "Windowed", "spans"]

_HEADER = 20  # bytes of a tag and a length at most
_WINDOW = 1 << 16  # bytes


class Source(Protocol):
    """What can be read at a place: a file, or bytes in memory."""

    @property
    def size(self) -> int:
        """Its bytes."""

    def read(self, offset: int, length: int) -> bytes | bytearray:
        """Returns `length` bytes from `offset`."""


class Bytes:
    """Bytes in memory as a source."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """Returns `length` bytes from `offset`."""
        return self._data[offset : offset + length]


class Windowed:
    """A source that is read in windows, for many small reads that mostly go forward."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._begin = 0
        self._held = b""
        self.size = source.size

    def read(self, offset: int, length: int) -> bytes | bytearray:
        """Returns `length` bytes from `offset`; fewer at the end."""
        length = min(length, self.size - offset)
        if length > _WINDOW:
            return self._source.read(offset, length)
        start = offset - self._begin
        if start < 0 or start + length > len(self._held):
            self._begin, start = offset, 0
            self._held = bytes(self._source.read(offset, min(_WINDOW, self.size - offset)))
        return self._held[start : start + length]


class Span(NamedTuple):
    """A field: its number and wire type, a varint's value, and where its bytes are."""

    number: int
    kind: int
    value: int
    begin: int
    end: int

    def of(self, source: Source) -> memoryview:
        """Returns the bytes of a LENGTH field."""
        if self.kind != LENGTH:
            raise WireError(f"field {self.number} is not a message or string", self.begin)
        return memoryview(bytes(source.read(self.begin, self.end - self.begin)))


def spans(source: Source, begin: int, end: int) -> Iterator[Span]:
    """Yields the fields of the message that is from `begin` up to `end`.

    Raises:
      WireError: these bytes are no message; the offset is that in the source.
    """
    position = begin
    while position < end:
        start = position
        head = source.read(position, min(_HEADER, end - position))
        try:
            tag, used = read_varint(head, 0)
            number, kind = tag >> 3, tag & 7
            value = 0
            if kind in (VARINT, LENGTH):
                value, used = read_varint(head, used)
        except WireError as error:
            raise WireError(error.message, start + error.offset) from error
        position += used
        length = {VARINT: 0, LENGTH: value, FIXED32: 4, FIXED64: 8}.get(kind, -1)
        if not 0 < number < 1 << 29 or length < 0:
            raise WireError(f"field {number} of wire type {kind} can't be", start)
        if length > end - position:
            raise WireError(f"field {number} has {length} bytes, {end - position} left", start)
        yield Span(number, kind, value, position, position + length)
        position += length
