"""Kernels whose shape is right and whose product is another: a square one shows nothing of it."""

from __future__ import annotations

from collections.abc import Sequence

from tf1compat.checkpoint.meta.uses import Uses
from tf1compat.errors import Problem
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.einsum_axes import einsum_axes
from tf1compat.migration.layouts.basic import Reshape, Transpose
from tf1compat.migration.layouts.casts import cast_between
from tf1compat.migration.layouts.chain import chain
from tf1compat.migration.layouts.layout import Layout, Spec
from tf1compat.migration.planning.joining import joining_layout

__all__ = ["kernel_layout", "mistaken_product"]

_WORDS = {
    "Conv2D": "a convolution",
    "Conv2DBackpropInput": "a transposed convolution",
    "DepthwiseConv2dNative": "a depthwise convolution",
}
_OPS = {
    ("Conv2D", "kernel"): "Conv2D",
    ("Conv2DTranspose", "kernel"): "Conv2DBackpropInput",
    ("DepthwiseConv2D", "depthwise_kernel"): "DepthwiseConv2dNative",
    ("DepthwiseConv2D", "kernel"): "DepthwiseConv2dNative",
    ("SeparableConv2D", "depthwise_kernel"): "DepthwiseConv2dNative",
    ("SeparableConv2D", "pointwise_kernel"): "Conv2D",
}
"""What a weight is used in, by its layer's class and its role."""


def mistaken_product(
    index: ModelIndex, target: str, source: str, *, uses: Uses | None
) -> Problem | None:
    """Returns why a kernel isn't the one of a convolution of another kind; None where it may be."""
    weight = index[target]
    wanted = _OPS.get((weight.layer_class, weight.role))
    found = uses.convolved.get(source) if uses is not None else None
    # Over one channel a depthwise convolution is a plain one.
    plain = weight.shape[-2:-1] == (1,) and "Conv2DBackpropInput" not in (wanted, found)
    if wanted is None or found is None or wanted == found or plain:
        return None
    return Problem(
        target,
        f"the kernel of {_WORDS[wanted]}",
        f"in the graph, of {_WORDS[found]}",
        origin=source,
        remedy="build the layer that the graph has, or give it a rule if that is meant",
    )


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
