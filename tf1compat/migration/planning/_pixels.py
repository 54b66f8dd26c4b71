"""Rows of a kernel behind a flattened image: they stand as the image's data format has them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.graph_uses import Uses
from tf1compat.errors import Problem
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.flattened import FlatImage, flattened_images
from tf1compat.keras3.index.made_images import made_images
from tf1compat.migration.layouts.chain import chain
from tf1compat.migration.layouts.layout import IDENTITY, Layout
from tf1compat.migration.layouts.shards import ChannelsFirst
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.meaning import Assumptions
from tf1compat.migration.planning.problems import OpenQuestion
from tf1compat.names.reasons import Kind, Reason

__all__ = ["PIXELS_KINDS", "Images", "pixels_moved"]

_GRAPH = Kind("pixels", "the graph flattens an image in {data_format} before it")
_SAID = Kind("pixels_said", "data_format={data_format!r} of the image before it")
_MADE = Kind("units", "the graph makes an image in {data_format} of its units")
_UNITS = Kind("units_said", "data_format={data_format!r} of the image that is made of its units")
PIXELS_KINDS: tuple[Kind, ...] = (_GRAPH, _SAID, _MADE, _UNITS)


class Images(NamedTuple):
    """Images around layers, by the paths of weights.

    Attributes:
      flattened: those that are flattened before a weight's layer.
      made: those that its units become.
    """

    flattened: Mapping[str, FlatImage]
    made: Mapping[str, FlatImage]

    @classmethod
    def of(cls, index: ModelIndex) -> Images:
        """Returns the images of a model."""
        return cls(flattened_images(index), made_images(index))


_ASKS = (
    "its rows are the pixels of a flattened image, channels last or first, and no file says which "
    "without the graph: say data_format='NHWC' or 'NCHW' (--data_format=...)"
)
_ASKS_UNITS = (
    "its units become the pixels of an image, channels last or first, and no file says which "
    "without the graph: say data_format='NHWC' or 'NCHW' (--data_format=...)"
)
_UNTOLD = (
    "its rows may be the pixels of a flattened image, in the v1 graph and in the model in another "
    "order, which {side} doesn't tell: give it a rule with a layout, channels_first(HEIGHT, WIDTH, "
    "CHANNELS) if v1 has channels first and the model last, identity if both are alike"
)


def pixels_moved(
    entry: Entry,
    images: Images,
    target: str,
    *,
    uses: Uses | None,
    assumptions: Assumptions,
) -> tuple[Layout, tuple[Reason, ...]] | Problem:
    """Returns the layout of what are a variable's pixels, and why, or what has to be asked."""
    rows = pixel_rows(entry, images.flattened.get(target), uses, assumptions)
    units = pixel_units(entry, images.made.get(target), uses, assumptions)
    if isinstance(rows, Problem) or isinstance(units, Problem):
        return rows if isinstance(rows, Problem) else units
    return chain(rows[0], units[0]), (*rows[1], *units[1])


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


def pixel_units(
    entry: Entry,
    image: FlatImage | None,
    uses: Uses | None,
    assumptions: Assumptions,
) -> tuple[Layout, tuple[Reason, ...]] | Problem:
    """Returns the layout along a last axis of units that become an image, or what has to be asked.

    Arguments are as for :func:`pixel_rows`, `image` being the one that is made of the units.
    """
    sizes = image.sizes if image else ()
    plain = bool(sizes) and (sizes[-1] == 1 or set(sizes[:-1]) == {1})
    if image is None or plain or entry.shape[-1:] != (math.prod(sizes),):
        return IDENTITY, ()
    told = _made_by_graph(entry, uses) if uses is not None else ""
    data_format = told or assumptions.data_format
    if uses is None and data_format is None:
        return _question(entry, _ASKS_UNITS)
    if data_format in (None, image.data_format):
        return IDENTITY, ()
    because = (_UNITS if uses is None else _MADE).because(data_format=data_format)
    return _units_moved(entry.shape, image, data_format), (because,)


def _made_by_graph(entry: Entry, uses: Uses) -> str | None:
    """Returns the data format of what a kernel makes; of a vector, that of what all kernels do."""
    if len(entry.shape) == 2:
        return uses.made.get(entry.key) or None
    formats = {*uses.made.values()}
    return formats.pop() or None if len(formats) == 1 else None


def _units_moved(shape: Sequence[int], image: FlatImage, data_format: str) -> Layout:
    """Returns what puts units of an image in `data_format` in the model's order."""
    *spaces, channels = image.sizes
    first = data_format == "NCHW"
    sizes = (channels, *spaces) if first else (*spaces, channels)
    before = len(shape) - 1
    last = before + len(spaces)
    order = (*range(before + 1, last + 1), before) if first else (last, *range(before, last))
    return parse_layout(
        f"reshape({_listed((*shape[:-1], *sizes))}) | "
        f"transpose({_listed((*range(before), *order))}) | reshape({_listed(shape)})"
    )


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
