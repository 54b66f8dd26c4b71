"""Images that a model flattens, and the layers that take their pixels as rows of a kernel."""

from __future__ import annotations

from typing import Any

import keras

from tf1compat.keras3.index._functional import simple_edges
from tf1compat.keras3.index._tree import is_graph, is_stack
from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["flattened_images"]

_IMAGE = 3  # dimensions beside the batch, at least: 1-D signals have two
_IN_PLACE = (keras.layers.Dropout, keras.layers.Activation, keras.layers.ReLU)


def flattened_images(index: ModelIndex) -> dict[str, tuple[int, ...]]:
    """Returns, by layer path, the shape of the image that a Dense layer has before it, flattened.

    Sizes are height, width, channels (channels last, whatever the layers compute in), without the
    batch. Known in Functional and Sequential models, for layers that are used once.
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


def _flattened(layer: Any, before: dict[Any, Any]) -> tuple[int, ...] | None:
    above = before.get(layer)
    while isinstance(above, _IN_PLACE):
        above = before.get(above)
    if not isinstance(above, keras.layers.Flatten):
        return None
    try:
        shape = tuple(above.input.shape[1:])
    except (AttributeError, ValueError):  # used several times, or never on symbolic tensors
        return None
    if above.data_format == "channels_first":
        return None
    return shape if len(shape) >= _IMAGE - 1 and None not in shape else None
