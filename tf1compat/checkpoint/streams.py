"""The elements of one stored tensor, front to back, checked on the way.

Everything is read in windows, so that however large a tensor is, no more memory is needed than
the result and one window.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from tf1compat.checkpoint.table import crc32c
from tf1compat.files.regular import RegularFile

__all__ = ["ArrayStream", "RawStream", "Stream", "gather"]

WINDOW = 1 << 20  # bytes: small enough to still be in the cache when its checksum is taken


class Stream(Protocol):
    """Elements in C order; whoever reads them calls `finish` before trusting any of them."""

    def whole(self, count: int) -> np.ndarray:
        """Returns all `count` elements, flat, as an array of their own."""

    def take(self, count: int) -> np.ndarray:
        """Returns the next `count` elements, flat; valid until the next call."""

    def fill(self, out: np.ndarray) -> None:
        """Reads the next elements into `out`, which is contiguous."""

    def skip(self, count: int) -> None:
        """Passes over the next `count` elements; their bytes are checked all the same."""

    def finish(self) -> None:
        """Checks the bytes that were read; to be called after the last element."""


class RawStream:
    """Elements that a file holds as they are in memory, followed by nothing.

    `crc` is their masked checksum, or None in formats that have none.
    """

    def __init__(self, file: RegularFile, *, offset: int, dtype: np.dtype, crc: int | None) -> None:
        self._file = file
        self._start = self._position = offset
        self._dtype = dtype
        self._expected = crc
        self._crc = 0
        self._window = np.empty(0, np.uint8)

    def whole(self, count: int) -> np.ndarray:
        """Returns all elements, read into an array that is made for them."""
        out = np.empty(count, self._dtype)
        self.fill(out)
        return out

    def take(self, count: int) -> np.ndarray:
        """Returns the next `count` elements, at most a window of them."""
        size = count * self._dtype.itemsize
        if self._window.size < size:
            self._window = np.empty(max(size, WINDOW), np.uint8)
        part = self._window[:size]
        self._read(part)
        return part.view(self._dtype)

    def fill(self, out: np.ndarray) -> None:
        """Reads the next elements straight into `out`."""
        flat = out.reshape(-1).view(np.uint8)
        self._file.expect(self._position, flat.size)
        for start in range(0, flat.size, WINDOW):
            self._read(flat[start : start + WINDOW])

    def skip(self, count: int) -> None:
        """Takes elements into the checksum only."""
        step = WINDOW // self._dtype.itemsize
        for start in range(0, count, step):
            self.take(min(step, count - start))

    def finish(self) -> None:
        """Compares the checksum of all bytes with the stored one, where there is one."""
        if self._expected is not None and crc32c.mask(self._crc) != self._expected:
            size = self._position - self._start
            raise self._file.corrupt(
                f"the checksum of these {size} bytes is wrong: bytes were changed", self._start
            )

    def _read(self, out: np.ndarray) -> None:
        self._file.read_into(self._position, out.data)
        # numpy takes any byte for a bool, and then computes with it as it stands.
        if self._dtype.kind == "b" and out.size and out.max() > 1:
            raise self._file.corrupt("a bool that is neither 0 nor 1", self._position)
        if self._expected is not None:
            self._crc = crc32c.extend(self._crc, out)
        self._position += out.size


class ArrayStream:
    """Elements that were decoded, and checked, as a whole."""

    def __init__(self, flat: np.ndarray) -> None:
        self._flat = flat
        self._position = 0

    def whole(self, count: int) -> np.ndarray:
        """Returns all elements; they aren't copied, because nobody else holds them."""
        return self.take(count)

    def take(self, count: int) -> np.ndarray:
        """Returns the next `count` elements."""
        part = self._flat[self._position : self._position + count]
        self._position += count
        return part

    def fill(self, out: np.ndarray) -> None:
        """Copies the next elements into `out`."""
        out[...] = self.take(out.size).reshape(out.shape)

    def skip(self, count: int) -> None:
        """Passes over elements."""
        self._position += count

    def finish(self) -> None:
        """Does nothing: there is nothing left to check."""


def gather(
    stream: Stream, shape: Sequence[int], *, wanted: Sequence[range], out: np.ndarray
) -> None:
    """Reads a tensor of `shape` and keeps, in `out`, the `wanted` positions along each axis."""
    everything = all(one == range(size) for one, size in zip(wanted, shape, strict=True))
    size = math.prod(shape)
    if everything and out.flags.c_contiguous:
        stream.fill(out)
    elif size * out.itemsize <= WINDOW:
        whole = stream.take(size).reshape(tuple(shape))
        out[...] = whole[tuple(_slice(one) for one in wanted)]
    elif math.prod(shape[1:]) * out.itemsize * 2 > WINDOW:
        _gather_by_row(stream, shape, wanted=wanted, out=out)
    else:
        _gather_by_window(stream, shape, wanted=wanted, out=out)


def _gather_by_row(
    stream: Stream, shape: Sequence[int], *, wanted: Sequence[range], out: np.ndarray
) -> None:
    row, done = math.prod(shape[1:]), 0
    for place, index in enumerate(wanted[0]):
        stream.skip((index - done) * row)
        gather(stream, shape[1:], wanted=wanted[1:], out=out[place])
        done = index + 1
    stream.skip((shape[0] - done) * row)


def _gather_by_window(
    stream: Stream, shape: Sequence[int], *, wanted: Sequence[range], out: np.ndarray
) -> None:
    row = math.prod(shape[1:])
    rows = WINDOW // (row * out.itemsize)
    rest = tuple(_slice(one) for one in wanted[1:])
    place = 0
    for start in range(0, shape[0], rows):
        stop = min(start + rows, shape[0])
        inside = range(wanted[0].start, min(stop, wanted[0].stop), wanted[0].step)
        fresh = inside[place:]
        if not fresh:
            stream.skip((stop - start) * row)
            continue
        chunk = stream.take((stop - start) * row).reshape((stop - start, *shape[1:]))
        index = (slice(fresh[0] - start, fresh[-1] - start + 1, fresh.step), *rest)
        out[place : place + len(fresh)] = chunk[index]
        place += len(fresh)


def _slice(positions: range) -> slice:
    return slice(positions.start, positions.stop, positions.step)
