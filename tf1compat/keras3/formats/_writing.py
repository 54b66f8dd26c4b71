"""Values on their way to a file: one tensor at a time, hashed while it is written."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import keras
import numpy as np

from tf1compat.errors import ModelError
from tf1compat.files.manifest import TensorDigest
from tf1compat.keras3.formats._h5_space import Place
from tf1compat.keras3.formats._skeleton import keras_dtype
from tf1compat.keras3.index.weights import Weight

__all__ = ["ReadWeight", "stream_values"]

ReadWeight = Callable[[Weight], "np.ndarray | None"]
"""Gives the value of a weight; None for one that keeps the value it has."""

Put = Callable[[int, memoryview], None]

_SLAB = 4 << 20  # bytes written and hashed at a time
_WORKERS = 2
_IN_FLIGHT = 24 << 20  # bytes that may wait for their hash while the next value is read
_ALONE = 1 << 18  # bytes below which handing over to another thread costs more than it saves


def stream_values(places: Sequence[Place], read: ReadWeight, put: Put) -> list[TensorDigest]:
    """Has `read` give each weight's value, and `put` store its bytes.

    Of values larger than a few MB there is one at a time; smaller ones may still be hashed while
    the next is read.

    Args:
      places: where the values go; in their order values are asked for, once each.
      read: gives a value of the weight's shape and dtype.
      put: is given an offset and the bytes that go there.

    Returns:
      what was written.

    Raises:
      ModelError: a value's shape or dtype isn't its weight's.
    """
    hashes: list[Future[str]] = []
    with ThreadPoolExecutor(_WORKERS) as workers:
        waiting: deque[tuple[int, Future[str]]] = deque()
        in_flight = 0
        for place in places:
            while in_flight > _IN_FLIGHT or (waiting and waiting[0][1].done()):
                size, oldest = waiting.popleft()
                oldest.result()
                in_flight -= size
            value = _value(place.weight, read)
            hashes.append(_write(value, place.offset, put, workers))
            waiting.append((value.nbytes, hashes[-1]))
            in_flight += value.nbytes
            del value
    return [
        TensorDigest(place.weight.path, place.weight.shape, place.weight.dtype, digest.result())
        for place, digest in zip(places, hashes, strict=True)
    ]


def _value(weight: Weight, read: ReadWeight) -> np.ndarray:
    value = read(weight)
    if value is None:
        value = keras.ops.convert_to_numpy(weight.variable)
    value = np.asarray(value)
    if value.shape != weight.shape or value.dtype.newbyteorder("=") != keras_dtype(weight.dtype):
        raise ModelError(
            f"{weight.path}: expected a value of shape {weight.shape} and dtype {weight.dtype}, "
            f"found shape {value.shape} and dtype {value.dtype.name}"
        )
    return value


def _write(value: np.ndarray, offset: int, put: Put, workers: ThreadPoolExecutor) -> Future[str]:
    """Writes a value; returns its digest, which may still be under way."""
    if value.nbytes > _ALONE and _is_plain(value):
        hashed = workers.submit(_digest, value)
        for slab in _slabs(value):
            put(offset, slab)
            offset += len(slab)
        return hashed
    digest = hashlib.sha256()
    for slab in _slabs(value):
        digest.update(slab)
        put(offset, slab)
        offset += len(slab)
    done: Future[str] = Future()
    done.set_result(digest.hexdigest())
    return done


def _digest(value: np.ndarray) -> str:
    digest = hashlib.sha256()
    for slab in _slabs(value):
        digest.update(slab)
    return digest.hexdigest()


def _is_plain(value: np.ndarray) -> bool:
    """Tells whether the memory of `value` is as the file will have it."""
    return value.flags.c_contiguous and value.dtype == value.dtype.newbyteorder("<")


def _slabs(value: np.ndarray) -> Iterator[memoryview]:
    """Yields the bytes of `value`, little-endian and in C order, without a copy where it is so."""
    plain = value.dtype.newbyteorder("<")
    if _is_plain(value):
        whole = value.reshape(-1).view(np.uint8).data
        for start in range(0, len(whole), _SLAB):
            yield whole[start : start + _SLAB]
        return
    value = value.reshape(value.shape or (1,))
    row = max(value[:1].nbytes, 1)
    step = max(_SLAB // row, 1)
    for start in range(0, len(value), step):
        part = np.ascontiguousarray(value[start : start + step], plain)
        yield from _slabs(part)
