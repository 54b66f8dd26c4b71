"""Values on their way to a file: one tensor at a time, hashed while it is written."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from tf1compat.files.manifest import tensor_digest
from tf1compat.files.raw import is_plain, raw_windows

if TYPE_CHECKING:
    import numpy as np

__all__ = ["stream"]

Put = Callable[[int, memoryview], None]
Make = Callable[[], "np.ndarray"]

_SLAB = 4 << 20  # bytes written and hashed at a time
_WORKERS = 2
_IN_FLIGHT = 24 << 20  # bytes that may wait for their hash while the next value is read
_ALONE = 1 << 18  # bytes below which handing over to another thread costs more than it saves


def stream(places: Iterable[tuple[int, Make]], put: Put) -> list[str]:
    """Makes one value after the other, and has `put` store its bytes.

    Of values larger than a few MB there is one at a time; smaller ones may still be hashed while
    the next is made.

    Args:
      places: for each value the offset of its first byte, and what makes it; called once each, in
        this order.
      put: is given an offset and the bytes that go there.

    Returns:
      the SHA-256 of each value, as :func:`~tf1compat.files.manifest.tensor_digest` gives it.
    """
    hashes: list[Future[str]] = []
    with ThreadPoolExecutor(_WORKERS) as workers:
        waiting: deque[tuple[int, Future[str]]] = deque()
        in_flight = 0
        for offset, make in places:
            while in_flight > _IN_FLIGHT or (waiting and waiting[0][1].done()):
                size, oldest = waiting.popleft()
                oldest.result()
                in_flight -= size
            value = make()
            hashes.append(_write(value, offset, put, workers))
            waiting.append((value.nbytes, hashes[-1]))
            in_flight += value.nbytes
            del value
    return [digest.result() for digest in hashes]


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
