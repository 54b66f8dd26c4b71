"""Targets of slices: whether they cover a tensor, the order of their keys, their messages."""

from __future__ import annotations

import contextlib
import itertools

from fuzz_pieces import packed, pieces

from tf1compat.checkpoint.slices import (
    Region,
    ordered_slice_key,
    parse_extents,
    parse_shape,
    placed,
    uncovered,
)
from tf1compat.checkpoint.wire import WireError


def slices(data: bytes) -> None:
    """Boxes cover a small tensor exactly if every element of it is in one of them."""
    if not data:
        return
    rank = data[0] % 4
    shape = tuple(size % 5 for size in data[1 : 1 + rank])
    if len(shape) < rank:
        return
    regions = list(_regions(data[1 + rank :], shape))
    held = [point for region in regions for point in _points(region)]
    covered = sorted(held) == sorted(itertools.product(*map(range, shape)))
    found = uncovered(regions, shape)
    assert covered == (not found), f"{regions} of {shape}: {found or 'covered'}"


def _regions(data: bytes, shape: tuple[int, ...]):
    step = max(2 * len(shape), 1)
    for at in range(0, len(data) - step + 1, step):
        numbers = data[at : at + step]
        starts = [n % (size + 1) for n, size in zip(numbers[::2], shape, strict=False)]
        sizes = [
            n % (s - start + 1) for n, start, s in zip(numbers[1::2], starts, shape, strict=False)
        ]
        yield Region(tuple(starts), tuple(sizes))


def _points(region: Region):
    return itertools.product(
        *(range(start, start + size) for start, size in zip(*region, strict=True))
    )


def slices_seeds() -> list[bytes]:
    return [
        bytes([0]),
        bytes([1, 4, 0, 2, 2, 2]),
        bytes([2, 4, 2, 0, 2, 0, 2, 2, 2, 0, 2]),
        bytes([2, 4, 2, 0, 2, 0, 2, 1, 2, 0, 2]),
        bytes([3, 2, 2, 2, 0, 2, 0, 2, 0, 2]),
    ]


def slice_keys(data: bytes) -> None:
    """Keys sort as what they are made of, so that no two slices share one."""
    made = []
    for piece in pieces(data)[:6]:
        name, _, numbers = piece.partition(b"|")
        made.append((name, tuple(_extents(numbers))))
    for one, other in itertools.combinations(made, 2):
        keys = [ordered_slice_key(*each) for each in (one, other)]
        values = [(name, len(extents), *extents) for name, extents in (one, other)]
        assert (keys[0] < keys[1]) == (values[0] < values[1]), (values, keys)
        assert (keys[0] == keys[1]) == (values[0] == values[1]), (values, keys)


def _extents(data: bytes):
    for at in range(0, len(data), 16):
        start = int.from_bytes(data[at : at + 8], "little") >> 1
        length = int.from_bytes(data[at + 8 : at + 16], "little") >> 1
        yield start, length or -1


def slice_keys_seeds() -> list[bytes]:
    numbers = [(0, 0), (64, 128), (1 << 20, 1 << 41)]
    ends = [b"".join(n.to_bytes(8, "little") for n in pair) for pair in numbers]
    return [
        packed([b"w|" + ends[0], b"w|" + ends[1], b"w\0|" + ends[1] + ends[2]]),
        packed([b"a|", b"a\xff|", b"a\0\xff|" + ends[2], b"|" + ends[0]]),
    ]


def slice_messages(data: bytes) -> None:
    """A shape and extents are what no tensor can't have, and a place lies within the shape."""
    with contextlib.suppress(WireError):
        shape = parse_shape(memoryview(data))
        assert all(size >= 0 for size in shape)
    with contextlib.suppress(WireError):
        extents = parse_extents(memoryview(data))
        whole = tuple(start + max(length, 0) for start, length in extents)
        region = placed(extents, whole)
        bounds = zip(region.start, region.shape, whole, strict=True)
        assert all(0 <= start <= start + size <= most for start, size, most in bounds)


def slice_messages_seeds() -> list[bytes]:
    return [
        b"\x12\2\x08\3\x12\2\x08\4",
        b"\x12\0\x18\1",
        b"\x0a\4\x08\1\x10\2\x0a\2\x10\3\x0a\0",
    ]
