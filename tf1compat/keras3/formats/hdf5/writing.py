"""The weights' values on their way into the places that an HDF5 file has for them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from tf1compat.files.manifest import TensorDigest
from tf1compat.files.streaming import stream
from tf1compat.keras3.formats.hdf5.space import Place
from tf1compat.keras3.formats.weight_values import ReadWeight, value_of

__all__ = ["stream_values"]

Put = Callable[[int, memoryview], None]


def stream_values(places: Sequence[Place], read: ReadWeight, put: Put) -> list[TensorDigest]:
    """Has `read` give each weight's value, and `put` store its bytes, one tensor at a time.

    Args:
      places: where the values go; in their order values are asked for, once each.
      read: gives a value of the weight's shape and dtype.
      put: is given an offset and the bytes that go there.

    Returns:
      what was written.

    Raises:
      ModelError: a value's shape or dtype isn't its weight's.
    """
    makes = [(place.offset, functools.partial(value_of, place.weight, read)) for place in places]
    return [
        TensorDigest(place.weight.path, place.weight.shape, place.weight.dtype, digest)
        for place, digest in zip(places, stream(makes, put), strict=True)
    ]
