"""Rows of a kernel behind a flattened image: they stand as the image's data format has them."""

from __future__ import annotations

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.graph_uses import Uses
from tf1compat.errors import Problem
from tf1compat.keras3.index.flattened import FlatImage
from tf1compat.migration.layouts.layout import IDENTITY, Layout
from tf1compat.migration.layouts.shards import ChannelsFirst
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.meaning import Assumptions
from tf1compat.names.reasons import Kind, Reason

__all__ = ["PIXELS_KINDS", "pixel_rows"]

_GRAPH = Kind("pixels", "the graph flattens an image in {data_format} before it")
_SAID = Kind("pixels_said", "data_format={data_format!r} of the image before it")
PIXELS_KINDS: tuple[Kind, ...] = (_GRAPH, _SAID)

_ASKS = (
    "its rows are the pixels of a flattened image, channels last or first, and no file says which "
    "without the graph: say data_format='NHWC' or 'NCHW'"
)


def pixel_rows(
    entry: Entry,
    image: FlatImage | None,
    uses: Uses | None,
    assumptions: Assumptions,
) -> tuple[Layout, tuple[Reason, ...]] | Problem:
    """Returns the layout of a kernel's rows and why, or what has to be asked.

    Args:
      entry: the variable.
      image: the image that the weight's layer has before it; None for none.
      uses: what the v1 graph does with variables; None without a graph.
      assumptions: what the user said.
    """
    # With one channel, or a single pixel, both formats flatten to the same order.
    sizes = image.sizes if image else ()
    if image is None or len(entry.shape) != 2 or sizes[-1] == 1 or set(sizes[:-1]) == {1}:
        return IDENTITY, ()
    if uses is None:
        kind, data_format = _SAID, assumptions.data_format
    else:
        kind, data_format = _GRAPH, uses.flattened.get(entry.key) or assumptions.data_format
    if data_format is None:
        if uses is not None:  # not followed to an image: computing both sides tells
            return IDENTITY, ()
        return Problem(entry.key, "an answer", "none in the file", remedy=_ASKS)
    return _layout(entry, image, data_format), (kind.because(data_format=data_format),)


def _layout(entry: Entry, image: FlatImage, data_format: str) -> Layout:
    """Returns what puts a kernel's rows in the model's order."""
    if data_format == image.data_format:
        return IDENTITY
    if image.data_format == "NHWC":
        return ChannelsFirst(image.sizes)
    rows, columns = entry.shape
    last = len(image.sizes) - 1
    sizes = ", ".join(map(str, (*image.sizes, columns)))
    order = ", ".join(map(str, (last, *range(last), last + 1)))
    return parse_layout(f"reshape({sizes}) | transpose({order}) | reshape({rows}, {columns})")
