"""Axes of the kernels of ``EinsumDense``: which are multiplied away, and in which order."""

from __future__ import annotations

import math
from typing import Any

from tf1compat.keras3.index.weights import Weight

__all__ = ["einsum_axes"]


def einsum_axes(layer: Any, weight: Weight) -> tuple[int, tuple[int, ...]] | None:
    """Returns how a plain matrix of [inputs, outputs] becomes an einsum's kernel.

    The matrix has the axes that are multiplied away first, in the input's order, then the others in
    the output's.

    Args:
      layer: the layer that holds the weight.
      weight: one of its weights.

    Returns:
      how many inputs there are, and for each axis of the kernel its place in the matrix; None where
      the layer has no equation or the weight isn't its kernel.
    """
    given, _, made = str(getattr(layer, "equation", "")).replace(".", "").partition("->")
    inputs, _, kernel = given.partition(",")
    if weight.role != "kernel" or not kernel or len(kernel) != len(weight.shape):
        return None
    away = [axis for axis in inputs if axis in kernel and axis not in made]
    kept = [axis for axis in made if axis in kernel and axis not in inputs]
    if sorted(away + kept) != sorted(kernel):
        return None
    matrix = away + kept
    size = math.prod(weight.shape[kernel.index(axis)] for axis in away)
    return size, tuple(matrix.index(axis) for axis in kernel)
