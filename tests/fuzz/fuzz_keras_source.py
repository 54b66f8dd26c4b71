"""Target of Keras' HDF5 files as checkpoints: names by its attributes, values by its datasets."""

from __future__ import annotations

import contextlib

from fuzz_archives import exported
from fuzz_scratch import GOLDENS, written
from fuzz_sources import values_of

from tf1compat.errors import Tf1CompatError


def keras_source(data: bytes) -> None:
    """A file is read the same twice, or refused."""
    path = written("source.h5", data)
    with contextlib.suppress(Tf1CompatError):
        assert values_of(path) == values_of(path)


def keras_source_seeds() -> list[bytes]:
    names = ("weights.h5", "whole.h5")
    return [exported(".weights.h5"), *((GOLDENS / "keras_h5" / n).read_bytes() for n in names)]
