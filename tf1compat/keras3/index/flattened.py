"""Images that a model flattens, and the layers that take their pixels as rows of a kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import keras

from tf1compat.keras3.index._functional import simple_edges
from tf1compat.keras3.index._tree import is_graph, is_stack
from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["FlatImage", "flattened_images"]

_IMAGE = 3  # dimensions beside the batch, at least: 1-D signals have two
_IN_PLACE = (keras.layers.Dropout, keras.layers.Activation, keras.layers.ReLU)
# By the names of their classes, as `keras.ops` have them too.
_MOVING = frozenset({"Reshape", "Transpose", "Moveaxis", "Swapaxes"})


@dataclasses.dataclass(frozen=True)
class FlatImage:
    """An image that is flattened before a layer.

    Attributes:
      sizes: height, width and channels, whatever the layers compute in, without the batch.
      data_format: the order in which its pixels stand: ``"NHWC"`` or ``"NCHW"``.
    """

    sizes: tuple[int, ...]
    data_format: str


def flattened_images(index: ModelIndex) -> dict[str, FlatImage]:
    """Returns, by layer path, the image that a Dense layer has before it, flattened.

    Known in Functional and Sequential models, for layers that are used once.
    """
    paths = {id(node.layer): node.path for node in index.layers}
    found = {}
    for node in index.layers:
        before = _before(node.layer)
        for layer, path in ((one, paths.get(id(one))) for one in before):
            if path is not None and isinstance(layer, keras.layers.Dense):
                shape = _flattened(layer, before)
                if shape is not None:
                    found[path] = shape
    return found


def _before(model: Any) -> dict[Any, Any]:
    """Returns the only producer of each layer of a model, as far as first calls tell."""
    if is_stack(model):
        return dict(zip(model.layers[1:], model.layers, strict=False))
    if not is_graph(model):
        return {}
    found: dict[Any, Any] = {}
    for producer, consumer in simple_edges(model):
        found[consumer] = producer
    return found


def _flattened(layer: Any, before: dict[Any, Any]) -> FlatImage | None:
    above = before.get(layer)
    while isinstance(above, _IN_PLACE):
        above = before.get(above)
    if not isinstance(above, keras.layers.Flatten):
        return None
    try:
        shape = tuple(above.input.shape[1:])
    except (AttributeError, ValueError):  # used several times, or never on symbolic tensors
        return None
    if len(shape) < _IMAGE - 1 or None in shape:
        return None
    axes = _axes(above, before, len(shape))
    if above.data_format == "channels_first":  # which it puts last itself
        axes, shape = axes[1:] + axes[:1], shape[1:] + shape[:1]
    if axes == _last(len(shape)):
        return FlatImage(shape, "NHWC")
    return FlatImage(shape[1:] + shape[:1], "NCHW") if axes == _first(len(shape)) else None


def _axes(flatten: Any, before: dict[Any, Any], rank: int) -> list[str]:
    """Returns what stands along each axis of what is flattened; [] if that can't be told."""
    turns: list[tuple[int, ...]] = []
    above = before.get(flatten)
    while above is not None and not _has_format(above):
        if isinstance(above, keras.layers.Permute):
            turns.insert(0, tuple(axis - 1 for axis in above.dims))
        elif type(above).__name__ in _MOVING:
            return []
        above = before.get(above)
    if above is None and turns:
        return []
    first = above is not None and above.data_format == "channels_first"
    axes = _first(rank) if first else _last(rank)
    for order in turns:
        axes = [axes[axis] for axis in order] if len(order) == rank else []
    return axes


def _has_format(layer: Any) -> bool:
    return isinstance(getattr(layer, "data_format", None), str)


def _first(rank: int) -> list[str]:
    return ["channels", *_spaces(rank)]


def _last(rank: int) -> list[str]:
    return [*_spaces(rank), "channels"]


def _spaces(rank: int) -> Iterator[str]:
    return (f"space_{i}" for i in range(rank - 1))
