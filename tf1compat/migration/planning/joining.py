"""The layout that follows from two shapes and dtypes alone."""

from __future__ import annotations

from tf1compat.migration.layouts.casts import cast_between
from tf1compat.migration.layouts.chain import chain
from tf1compat.migration.layouts.layout import Layout, Spec
from tf1compat.migration.matching.shapes import layout_between

__all__ = ["joining_layout"]


def joining_layout(source: Spec, target: Spec) -> Layout | None:
    """Returns the layout from one to the other, a lossless cast included, or None."""
    layout = layout_between(source.shape, target.shape)
    cast = cast_between(source.dtype, target.dtype)
    if layout is None or cast is None:
        return None
    return chain(layout, *cast)
