"""How far a model is that is being built, told to whoever waits for it."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterator
from typing import Any

import keras

from tf1compat.files.dtypes import numpy_dtype
from tf1compat.files.putting import put
from tf1compat.files.telling import steps_are_heard, tell_step
from tf1compat.names.sizes import human_bytes

__all__ = ["weights_told"]

_MAKING = "add_weight"  # the public method by which layers make their weights


@contextlib.contextmanager
def weights_told() -> Iterator[None]:
    """Tells, where somebody listens, how many weights layers have made within the block.

    And how many bytes these take, or will take. There is no time left to tell: what a function
    makes in all is known when it returns, and a checkpoint may hold more than its model, or less.
    """
    if not steps_are_heard():
        yield
        return
    plainly = getattr(keras.layers.Layer, _MAKING)
    count = size = 0

    @functools.wraps(plainly)
    def add_weight(*args: Any, **kwargs: Any) -> Any:
        nonlocal count, size
        weight = plainly(*args, **kwargs)
        count += 1
        size += math.prod(weight.shape) * numpy_dtype(weight.dtype).itemsize
        tell_step(f"{count:,} weight{'s' * (count > 1)}, {human_bytes(size)}")
        return weight

    with put(keras.layers.Layer, _MAKING, add_weight):  # Keras calls nobody as it makes one
        yield
