"""Images that a model makes of units, and the layers whose outputs become their pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from tf1compat.keras3.index.flattened import IN_PLACE, Above, FlatImage, has_format
from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["made_images"]

_IMAGE = 3  # dimensions beside the batch
_FAR = 20  # layers that are followed upwards


def made_images(index: ModelIndex) -> dict[str, FlatImage]:
    """Returns, by path, the image that the units of a weight's layer become by a ``Reshape``.

    Of kernels and biases of ``Dense`` layers, and of norms between them and the image. Known in
    Functional and Sequential models, for layers that are used once.
    """
    above = Above(index)
    found: dict[int, FlatImage] = {}
    for node in index.layers:
        if has_format(node.layer):
            found |= {id(layer): image for layer, image in _before(above, node.layer)}
    if not found:
        return {}
    layers = {node.path: node.layer for node in index.layers}
    every = ((path, id(layers[weight.layer_path])) for path, weight in index.items())
    return {path: found[layer] for path, layer in every if layer in found}


def _before(above: Above, taking: Any) -> Iterator[tuple[Any, FlatImage]]:
    """Yields the layers whose units are the image that a layer takes, with that image."""
    turns: list[Sequence[int]] = []
    layer = above.of(taking)
    for _ in range(_FAR):
        if isinstance(layer, keras.layers.Permute):
            turns.append(layer.dims)
        elif type(layer).__name__ not in IN_PLACE:
            break
        layer = above.of(layer)
    if not isinstance(layer, keras.layers.Reshape):
        return
    image = _image(layer, taking.data_format == "channels_first", turns)
    if image is None:
        return
    layer = above.of(layer)
    for _ in range(_FAR):
        if type(layer).__name__ in IN_PLACE:
            yield layer, image
        elif isinstance(layer, keras.layers.Dense) and layer.units == math.prod(image.sizes):
            yield layer, image
            return
        else:
            return
        layer = above.of(layer)


def _image(reshape: Any, first: bool, turns: Sequence[Sequence[int]]) -> FlatImage | None:
    try:
        shape = tuple(reshape.output.shape[1:])
    except (AttributeError, ValueError):  # used several times, or never on symbolic tensors
        return None
    rank = len(shape)
    if rank < _IMAGE or None in shape:
        return None
    spaces = list(range(rank - 1))
    axes = [rank - 1, *spaces] if first else [*spaces, rank - 1]  # the last number is of channels
    for dims in turns:
        before = [0] * rank
        for place, axis in enumerate(dims):
            before[axis - 1] = axes[place]
        axes = before
    if axes == [*spaces, rank - 1]:
        return FlatImage(shape, "NHWC")
    if axes == [rank - 1, *spaces]:
        return FlatImage((*shape[1:], shape[0]), "NCHW")
    return None
