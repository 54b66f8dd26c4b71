"""Where a slice of a partitioned variable lies, and the keys under which tables keep slices."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from tf1compat.budget import Meter
from tf1compat.checkpoint.wire import Buffer, WireError, fields, signed64

__all__ = [
    "EXTENTS",
    "Extents",
    "Region",
    "ordered_slice_key",
    "parse_extents",
    "parse_shape",
    "placed",
]

EXTENTS = Meter("dimensions of slices", each=1 / 8, least=200_000)
"""What lists of slices grow by; of each slice a table has a key and a record of its own, too."""
_FULL = -1
_WHOLE = (0, _FULL)  # one for all of them: a message of two bytes says it
_MAX_RANK = 254  # TensorShape's own limit
_MAX_ELEMENTS = 1 << 63
_SHORT = 64  # bytes of a shape that is kept to be known again
# As `OrderedCode::WriteString`; the end is 0 and 1, which no escaped byte looks like.
_ESCAPES = {b"\0": b"\0\xff", b"\xff": b"\xff\0"}
_ESCAPED = re.compile(b"[\0\xff]")
Extents = tuple[tuple[int, int], ...]


class Region(NamedTuple):
    """A box within a tensor: the offset of its first element, and its shape."""

    start: tuple[int, ...]
    shape: tuple[int, ...]

    def slices(self) -> tuple[slice, ...]:
        """Returns the index that takes this box out of the full tensor."""
        return tuple(
            slice(start, start + size) for start, size in zip(self.start, self.shape, strict=True)
        )


def parse_shape(data: memoryview) -> tuple[int, ...]:
    """Returns the sizes of a TensorShapeProto.

    Raises:
      WireError: it is no shape of a stored tensor: unknown rank or size, or 2^63 elements or more.
    """
    return _known_shape(bytes(data)) if len(data) <= _SHORT else _shape_of(data)


@functools.lru_cache(maxsize=256)  # of a checkpoint's many variables few have shapes of their own
def _known_shape(data: bytes) -> tuple[int, ...]:
    return _shape_of(data)


def _shape_of(data: Buffer) -> tuple[int, ...]:
    sizes = []
    for field in fields(data):
        if field.number == 2:
            sizes.append(_size(field.message()))
        elif field.number == 3 and field.integer():
            raise WireError("a shape of unknown rank", field.offset)
        if len(sizes) > _MAX_RANK:
            raise WireError(f"a shape of a rank above {_MAX_RANK}, TensorFlow's highest", 0)
    if any(size < 0 for size in sizes):
        raise WireError(f"a shape with a negative size, {min(sizes)}", 0)
    if math.prod(size for size in sizes if size) >= _MAX_ELEMENTS:
        raise WireError("a shape of 2^63 elements or more", 0)
    return tuple(sizes)


def _size(data: memoryview) -> int:
    size = 0
    for field in fields(data):
        if field.number == 1:
            size = signed64(field.integer())
    return size


def parse_extents(data: memoryview) -> Extents:
    """Returns (start, length) for each dimension of a TensorSliceProto; length -1 means all.

    Raises:
      WireError: it isn't one, has a negative start or length, or more dimensions than a tensor.
    """
    extents = []
    for field in fields(data):
        if field.number != 1:
            continue
        # proto3 leaves out a start of 0; no length at all is the whole dimension.
        start, length = 0, _FULL
        for part in fields(field.message()):
            if part.number == 1:
                start = signed64(part.integer())
            elif part.number == 2:
                length = signed64(part.integer())
                if length < 0:
                    raise WireError(f"a slice of length {length}", part.offset)
        # A full extent (`TensorSlice::kFullExtent`, no length in the file) starts at 0.
        if start < 0 or (start and length == _FULL):
            raise WireError(f"a slice that starts at {start}", field.offset)
        extents.append(_WHOLE if (start, length) == _WHOLE else (start, length))
        if len(extents) > _MAX_RANK:
            raise WireError(f"a slice of a rank above {_MAX_RANK}, TensorFlow's highest", 0)
    return tuple(extents)


def placed(extents: Extents, shape: Sequence[int]) -> Region:
    """Returns the box that a slice takes of a tensor of `shape`.

    Raises:
      WireError: the slice has another rank, or reaches out of the tensor.
    """
    if len(extents) != len(shape):
        raise WireError(f"a slice of rank {len(extents)} of a tensor of rank {len(shape)}", 0)
    starts, sizes = [], []
    for (start, length), size in zip(extents, shape, strict=True):
        taken = size if length == _FULL else length
        if start + taken > size:
            raise WireError(f"a slice up to {start + taken} of a dimension of {size}", 0)
        starts.append(start)
        sizes.append(taken)
    return Region(tuple(starts), tuple(sizes))


def ordered_slice_key(name: bytes, extents: Extents) -> bytes:
    r"""Returns the key of a slice: `name` and `extents` encoded so that bytes sort as values do.

    Mirrors ``EncodeTensorNameSlice`` with OrderedCode's numbers and strings.

    >>> ordered_slice_key(b"w", ((0, -1), (64, 2)))
    b'\x00w\x00\x01\x01\x02\x80\x7f\xc0@\x82'
    """
    escaped = _ESCAPED.sub(lambda match: _ESCAPES[match[0]], name)
    rank = len(extents).to_bytes((len(extents).bit_length() + 7) // 8, "big")
    numbers = b"".join(_ordered(number) for extent in extents for number in extent)
    return b"\0" + escaped + b"\0\1" + bytes([len(rank)]) + rank + numbers


def _ordered(number: int) -> bytes:
    """Encodes a signed number: as many leading ones as it has bytes, inverted for negatives."""
    magnitude = ~number if number < 0 else number
    length = (magnitude.bit_length() + 7) // 7
    header = ((1 << length) - 1) << 7 * length
    return (number % (1 << 8 * length) ^ header).to_bytes(length, "big")
