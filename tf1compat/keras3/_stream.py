"""Values on their way to a file: one tensor at a time, hashed while it is written."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from tf1compat.checkpoint import TensorDigest
from tf1compat.errors import ModelError
from tf1compat.keras3._h5_space import Place
from tf1compat.keras3._skeleton import keras_dtype
from tf1compat.keras3.weights import Weight

__all__ = ["ReadWeight", "stream_values"]

ReadWeight = Callable[[Weight], "np.ndarray | None"]
"""Gives the value of a weight; None for one that keeps the value it has."""

Put = Callable[[int, memoryview], None]

_SLAB = 4 << 20  # bytes written and hashed at a time
_ALONE = 1 << 18  # bytes below which handing over to another thread costs more than it saves


def stream_values(places: Sequence[Place], read: ReadWeight, put: Put) -> list[TensorDigest]:
    """Has `read` give each weight's value, and `put` store its bytes.

    Args:
      places: where the values go; in their order values are asked for, once each.
      read: gives a value of the weight's shape and dtype.
      put: is given an offset and the bytes that go there.

    Returns:
      what was written.

    Raises:
      ModelError: a value's shape or dtype isn't its weight's.
    """
    digests = []
    with contextlib.ExitStack() as stack:
        worker = stack.enter_context(ThreadPoolExecutor(1))
        for place in places:
            value = _value(place.weight, read)
            digest = _write(value, place.offset, put, worker)
            weight = place.weight
            digests.append(TensorDigest(weight.path, weight.shape, weight.dtype, digest))
            del value
    return digests


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


def _write(value: np.ndarray, offset: int, put: Put, worker: ThreadPoolExecutor) -> str:
    digest = hashlib.sha256()
    for slab in _slabs(value):
        hashed = worker.submit(digest.update, slab) if len(slab) > _ALONE else None
        put(offset, slab)
        if hashed is None:
            digest.update(slab)
        else:
            hashed.result()
        offset += len(slab)
    return digest.hexdigest()


def _slabs(value: np.ndarray) -> Iterator[memoryview]:
    """Yields the bytes of `value`, little-endian and in C order, without a copy where it is so."""
    plain = value.dtype.newbyteorder("<")
    if value.flags.c_contiguous and value.dtype == plain:
        whole = value.reshape(-1).view(np.uint8).data
        for start in range(0, len(whole), _SLAB):
            yield whole[start : start + _SLAB]
        return
    row = max(value[:1].nbytes, 1)
    step = max(_SLAB // row, 1)
    for start in range(0, len(value), step):
        part = np.ascontiguousarray(value[start : start + step], plain)
        yield from _slabs(part)
