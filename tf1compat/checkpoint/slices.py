"""Where a slice of a partitioned variable lies, and the keys under which tables keep slices."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from tf1compat.checkpoint.wire import WireError, fields, signed64

__all__ = [
    "Extents",
    "Region",
    "ordered_slice_key",
    "parse_extents",
    "parse_shape",
    "placed",
    "uncovered",
]

_FULL = -1
_MAX_RANK = 254  # TensorShape's own limit
_MAX_ELEMENTS = 1 << 63
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
      WireError: it isn't one, or has a negative start or length.
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
        extents.append((start, length))
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


def uncovered(regions: Sequence[Region], shape: Sequence[int]) -> str:
    """Returns what is wrong with a cover of a tensor by slices: overlap or gap; "" if nothing is.

    Boxes that don't overlap and together have as many elements as the tensor cover it.
    """
    filled = [region for region in regions if math.prod(region.shape)]
    clash = _overlap(filled)
    if clash:
        return f"slices at {clash[0].start} and {clash[1].start} overlap"
    held, whole = sum(math.prod(region.shape) for region in filled), math.prod(shape)
    return "" if held == whole else f"slices hold {held} of {whole} elements"


def _overlap(regions: Sequence[Region]) -> tuple[Region, Region] | None:
    """Returns two boxes that overlap, sweeping along the axis that parts them best."""
    if len(regions) < 2:
        return None
    rank = len(regions[0].start)
    if not rank:
        return regions[0], regions[1]
    import numpy as np

    starts = np.array([region.start for region in regions], np.int64)
    axis = max(range(rank), key=lambda axis: len(np.unique(starts[:, axis])))
    order = np.argsort(starts[:, axis], kind="stable")
    starts = starts[order]
    ends = starts + np.array([region.shape for region in regions], np.int64)[order]
    reach = np.searchsorted(starts[:, axis], ends[:, axis])  # later ones that begin in time to meet
    for one in np.flatnonzero(reach > np.arange(len(regions)) + 1).tolist():
        others = slice(one + 1, reach[one])
        meet = (starts[others] < ends[one]) & (starts[one] < ends[others])
        found = np.flatnonzero(meet.all(axis=1))
        if found.size:
            return regions[order[one]], regions[order[one + 1 + found[0]]]
    return None


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
