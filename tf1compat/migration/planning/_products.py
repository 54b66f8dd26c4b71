"""Kernels whose axes stand where an equation says: a square one shows nothing of it."""

from __future__ import annotations

from collections.abc import Sequence

from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.einsum_axes import einsum_axes
from tf1compat.migration.layouts.basic import Reshape, Transpose
from tf1compat.migration.layouts.casts import cast_between
from tf1compat.migration.layouts.chain import chain
from tf1compat.migration.layouts.layout import Layout, Spec
from tf1compat.migration.planning.joining import joining_layout

__all__ = ["kernel_layout"]


def kernel_layout(index: ModelIndex, target: str, given: Spec, wanted: Spec) -> Layout | None:
    """Returns the layout that joins two shapes; an einsum's axes may stand in any order."""
    weight = index[target]
    axes = einsum_axes(index.by_layer[weight.layer_path].layer, weight)
    matrix = tuple(size for size in given.shape if size != 1)
    if axes is None or len(matrix) != 2 or len(wanted.shape) < 3:
        return joining_layout(given, wanted)
    inputs, places = axes
    cast = cast_between(given.dtype, wanted.dtype)
    if _in_order(places) or cast is None:
        return joining_layout(given, wanted)
    if matrix[0] != inputs:
        return None
    sizes = tuple(wanted.shape[places.index(axis)] for axis in range(len(places)))
    return chain(Reshape(sizes), Transpose(places), *cast)


def _in_order(places: Sequence[int]) -> bool:
    return list(places) == list(range(len(places)))
