"""Two ways to the values of a checkpoint in an output: ours, and TensorFlow's own reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from tf1compat.checkpoint import Entry

__all__ = ["Reads", "read_as_stored", "read_by_tensorflow"]

Reads: TypeAlias = Callable[[str], Callable[[Entry], Callable[[], np.ndarray]]]
"""For a prefix, what gives for each of its entries what reads its value."""


def read_as_stored(prefix: str) -> Callable[[Entry], Callable[[], np.ndarray]]:
    """Returns what has an entry of the checkpoint read itself."""
    return lambda entry: entry.read


def read_by_tensorflow(prefix: str) -> Callable[[Entry], Callable[[], np.ndarray]]:
    """Returns what reads variables of a checkpoint by TensorFlow, which opens it once, here."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(prefix)
    return lambda entry: lambda: np.asarray(reader.get_tensor(entry.stored_key))
