"""Values on their way to a file: one tensor at a time, hashed while it is written."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from tf1compat.files.manifest import TensorDigest, tensor_digest
from tf1compat.files.raw import is_plain, raw_windows
from tf1compat.keras3.formats.hdf5.space import Place
from tf1compat.keras3.formats.weight_values import ReadWeight, value_of

__all__ = ["stream_values"]

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
            value = value_of(place.weight, read)
            hashes.append(_write(value, place.offset, put, workers))
            waiting.append((value.nbytes, hashes[-1]))
            in_flight += value.nbytes
            del value
    return [
        TensorDigest(place.weight.path, place.weight.shape, place.weight.dtype, digest.result())
        for place, digest in zip(places, hashes, strict=True)
    ]


def _write(value: np.ndarray, offset: int, put: Put, workers: ThreadPoolExecutor) -> Future[str]:
    """Writes a value; returns its digest, which may still be under way."""
    if value.nbytes > _ALONE and is_plain(value):
        hashed = workers.submit(tensor_digest, value)
        for slab in raw_windows(value, window=_SLAB):
            put(offset, slab.data)
            offset += len(slab)
        return hashed
    digest = hashlib.sha256()
    for slab in raw_windows(value, window=_SLAB):
        digest.update(slab.data)
        put(offset, slab.data)
        offset += len(slab)
    done: Future[str] = Future()
    done.set_result(digest.hexdigest())
    return done
