"""Values on their way to a file: one tensor at a time, hashed while it is written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from tf1compat.files.manifest import tensor_digest
from tf1compat.files.raw import is_plain, raw_windows
from tf1compat.files.work_aside import WorkAside

if TYPE_CHECKING:
    import numpy as np

__all__ = ["stream"]

Put = Callable[[int, memoryview], None]
Make = Callable[[], "np.ndarray"]

_SLAB = 4 << 20  # bytes written and hashed at a time


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
    with WorkAside() as aside:
        hashes = [_write(make, offset, put, aside) for offset, make in places]
    return [digest.result() for digest in hashes]


def _write(make: Make, offset: int, put: Put, aside: WorkAside) -> Future[str]:
    """Makes a value and writes it; returns its digest, which may still be under way."""
    aside.make_room()
    value = make()
    if is_plain(value):
        hashed = aside.take(value.nbytes, lambda: tensor_digest(value))
        for slab in raw_windows(value, window=_SLAB):
            put(offset, slab.data)
            offset += len(slab)
        return hashed
    digest = hashlib.sha256()
    for slab in raw_windows(value, window=_SLAB):
        digest.update(slab.data)
        put(offset, slab.data)
        offset += len(slab)
    return aside.take(0, digest.hexdigest)
