"""The protocol buffer wire format, read strictly and written plainly.

Checkpoints need six small messages. Reading them here, rather than through generated classes,
keeps TensorFlow and its start-up time out, and hostile bytes meet nothing but bounds checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Buffer", "Field", "WireError", "fields", "read_varint", "signed64", "varint"]

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_MAX = 1 << 64
Buffer = bytes | bytearray | memoryview


class WireError(ValueError):
    """Bytes that aren't a message; carries the offset within the buffer that was read."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Field(NamedTuple):
    """One field: `data` is an int, or for LENGTH fields a slice of the buffer that was read."""

    number: int
    kind: int
    value: int
    data: memoryview
    offset: int

    def integer(self) -> int:
        """Returns the value of a VARINT field, which is at least 0 and below 2^64."""
        if self.kind != VARINT:
            raise WireError(f"field {self.number} is not an integer", self.offset)
        return self.value

    def fixed32(self) -> int:
        """Returns the value of a FIXED32 field."""
        if self.kind != FIXED32:
            raise WireError(f"field {self.number} is not a 32-bit number", self.offset)
        return self.value

    def message(self) -> memoryview:
        """Returns the bytes of a LENGTH field."""
        if self.kind != LENGTH:
            raise WireError(f"field {self.number} is not a message or string", self.offset)
        return self.data

    def text(self) -> str:
        """Returns the text of a LENGTH field."""
        try:
            return bytes(self.message()).decode()
        except UnicodeDecodeError as error:
            raise WireError("text that is not UTF-8", self.offset) from error

    def integers(self) -> list[int]:
        """Returns the signed values of a repeated integer, packed or not."""
        if self.kind == VARINT:
            return [signed64(self.value)]
        data, position, found = self.message(), 0, []
        while position < len(data):
            value, position = read_varint(data, position)
            found.append(signed64(value))
        return found


_NOTHING = memoryview(b"")


def fields(data: Buffer) -> Iterator[Field]:
    """Yields the fields of a message in their order; LENGTH fields without copying.

    Raises:
      WireError: the bytes end within a field, or hold a group or a wire type that doesn't exist.
    """
    view = memoryview(data)
    size, position = len(view), 0
    while position < size:
        start = position
        tag = view[position]
        if tag < 0x80:  # nearly all of them: a graph has a million
            position += 1
        else:
            tag, position = read_varint(view, position)
        number, kind = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise WireError(f"field number {number} can't be", start)
        if kind == VARINT:
            value, position = read_varint(view, position)
            yield Field(number, kind, value, _NOTHING, start)
            continue
        if kind == LENGTH:
            if position < size and (length := view[position]) < 0x80:
                position += 1
            else:
                length, position = read_varint(view, position)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise WireError(f"wire type {kind} can't be", start)
        if length > size - position:
            raise WireError(f"field {number} has {length} bytes, {size - position} left", start)
        body = view[position : position + length]
        position += length
        value = 0 if kind == LENGTH else int.from_bytes(body, "little")
        yield Field(number, kind, value, body, start)


def read_varint(data: Buffer, position: int) -> tuple[int, int]:
    """Returns the varint at `position` (below 2^64) and the position after it.

    Raises:
      WireError: it runs past the end, or past 64 bits.
    """
    if position < len(data) and data[position] < 0x80:  # nearly all of them
        return data[position], position + 1
    result = shift = 0
    for place in range(position, min(position + 10, len(data))):
        byte = data[place]
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            if result >= _MAX:
                break
            return result, place + 1
        shift += 7
    raise WireError("a variable-length number is cut off or too long", position)


def varint(number: int) -> bytes:
    """Returns the varint of `number`; a negative one as its 64-bit two's complement."""
    number %= _MAX
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def signed64(number: int) -> int:
    """Returns the int64 whose two's complement is `number`."""
    return number - _MAX if number >= _MAX >> 1 else number
