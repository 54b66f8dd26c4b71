"""Values of a checkpoint as TensorFlow's own reader gives them, to compare with what was meant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tf1compat.checkpoint import Entry

__all__ = ["read_by_tensorflow"]


def read_by_tensorflow(prefix: str, entry: Entry) -> Callable[[], np.ndarray]:
    """Returns what reads a variable of the checkpoint that goes by `prefix`."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(prefix)
    return lambda: np.asarray(reader.get_tensor(entry.stored_key))
