"""Rows of a kernel behind a flattened image: they stand as the image's data format has them."""

from __future__ import annotations

from collections.abc import Sequence

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.graph_uses import Uses
from tf1compat.errors import Problem
from tf1compat.keras3.index.flattened import FlatImage
from tf1compat.migration.layouts.layout import IDENTITY, Layout
from tf1compat.migration.layouts.shards import ChannelsFirst
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.meaning import Assumptions
from tf1compat.migration.planning.problems import OpenQuestion
from tf1compat.names.reasons import Kind, Reason

__all__ = ["PIXELS_KINDS", "pixel_rows"]

_GRAPH = Kind("pixels", "the graph flattens an image in {data_format} before it")
_SAID = Kind("pixels_said", "data_format={data_format!r} of the image before it")
PIXELS_KINDS: tuple[Kind, ...] = (_GRAPH, _SAID)

_ASKS = (
    "its rows are the pixels of a flattened image, channels last or first, and no file says which "
    "without the graph: say data_format='NHWC' or 'NCHW' (--data_format=...)"
)
_UNTOLD = (
    "its rows may be the pixels of a flattened image, in the v1 graph and in the model in another "
    "order, which {side} doesn't tell: give it a rule with a layout, channels_first(HEIGHT, WIDTH, "
    "CHANNELS) if v1 has channels first and the model last, identity if both are alike"
)


def pixel_rows(
    entry: Entry,
    image: FlatImage | None,
    uses: Uses | None,
    assumptions: Assumptions,
) -> tuple[Layout, tuple[Reason, ...]] | Problem:
    """Returns the layout of a kernel's rows and why, or what has to be asked.

    So of vectors that are of pixels, as those of a norm behind a flattened image.

    Args:
      entry: the variable.
      image: the image that the weight's layer has before it; None for none.
      uses: what the v1 graph does with variables; None without a graph.
      assumptions: what the user said.
    """
    # With one channel, or a single pixel, both formats flatten to the same order.
    sizes = image.sizes if image else ()
    plain = bool(sizes) and (sizes[-1] == 1 or set(sizes[:-1]) == {1})
    if image is None or len(entry.shape) > 2 or plain:
        return IDENTITY, ()
    told = _by_graph(entry, uses) if uses is not None else ""
    data_format = told or assumptions.data_format
    if data_format is None and told is None:  # not followed to an image: computing tells
        return IDENTITY, ()
    if data_format is None:
        return _question(entry, _ASKS if uses is None else _UNTOLD.format(side="the v1 graph"))
    if image.data_format:
        because = (_SAID if uses is None else _GRAPH).because(data_format=data_format)
        return _layout(entry, image, data_format), (because,)
    if data_format == "NHWC":
        return IDENTITY, ()
    return _question(entry, _UNTOLD.format(side="the model"))


def _by_graph(entry: Entry, uses: Uses) -> str | None:
    """Returns the data format before a kernel; of a vector, that before all kernels."""
    if len(entry.shape) == 2:
        # What isn't followed to an image may be one of channels first only where there are any.
        untold = "" if uses.has_channels_first else None
        return uses.flattened.get(entry.key, untold)
    formats = {*uses.flattened.values()} - {"NHWC"}
    return formats.pop() if len(formats) == 1 else "" if formats else None


def _question(entry: Entry, asks: str) -> Problem:
    return OpenQuestion.of(entry.key, asks)


def _layout(entry: Entry, image: FlatImage, data_format: str) -> Layout:
    """Returns what puts a kernel's rows in the model's order."""
    if data_format == image.data_format:
        return IDENTITY
    if image.data_format == "NHWC":
        return ChannelsFirst(image.sizes)
    last = len(image.sizes) - 1
    columns = entry.shape[1:]
    sizes = (*image.sizes, *columns)
    order = (last, *range(last), *range(last + 1, len(sizes)))
    return parse_layout(
        f"reshape({_listed(sizes)}) | transpose({_listed(order)}) | reshape({_listed(entry.shape)})"
    )


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
