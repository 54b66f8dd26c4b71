"""Histograms of weights, gradients or activations for TensorBoard."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tf1compat.checkpoint.array_statistics import array_statistics
from tf1compat.checkpoint.histogram_drawing import bars
from tf1compat.graph.types import TensorLike

__all__ = ["write_histogram_summaries"]

v1 = tf.compat.v1


def write_histogram_summaries(
    values: Mapping[str, TensorLike], directory: str | os.PathLike[str], *, step: int
) -> None:
    """Writes a histogram of each array to an event file for TensorBoard; adds no node.

    Mirrors ``tf.compat.v1.summary.histogram`` for values that were fetched already.

    Args:
      values: arrays of numbers by name; NaN and infinities are left out of the bars.
      directory: where the event files are; made if need be. Each call begins a new event file.
      step: the training step that they are of.

    Raises:
      UsageError: an array that isn't of numbers.
    """
    summary = v1.Summary()
    for name, value in values.items():
        summary.value.add(tag=name, histo=_histogram(np.asarray(value)))
    with tf.Graph().as_default(), v1.summary.FileWriter(os.fspath(directory)) as writer:
        writer.add_summary(summary, step)


def _histogram(value: np.ndarray) -> Any:
    """Returns a HistogramProto of at most 60 bars over the finite elements."""
    found = array_statistics(value)
    wide = np.abs(value) if value.dtype.kind == "c" else value.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    proto = v1.HistogramProto()
    if finite.size:
        counts, edges = bars(finite, 60)
        proto.min, proto.max, proto.num = found.minimum, found.maximum, float(finite.size)
        proto.sum, proto.sum_squares = float(finite.sum()), float(np.square(finite).sum())
        proto.bucket_limit.extend(edges[1:].tolist())
        proto.bucket.extend(counts.tolist())
    return proto
