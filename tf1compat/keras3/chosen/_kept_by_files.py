"""Which frozen weights stay frozen in a file of a whole model: those that its config tells of."""

from __future__ import annotations

import keras

from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.weights import Weight

__all__ = ["files_keep"]


def files_keep(index: ModelIndex, weight: Weight) -> bool:
    """Tells whether a model's config keeps ``trainable`` of the layer that holds a frozen weight.

    Every layer around it has to be one that writes down those within.
    """
    if index.by_layer[weight.layer_path].layer.trainable or not weight.layer_path:
        return False
    segments = weight.layer_path.split("/")
    around = ["/".join(segments[:count]) for count in range(len(segments))]
    nodes = [index.by_layer.get(path) for path in around]
    return all(node is not None and _writes_down(node.layer) for node in nodes)


def _writes_down(layer: keras.layers.Layer) -> bool:
    inside = keras.layers
    # A Functional model is a `Function` too; a subclass of `Model` is none. Recurrent layers write
    # down a cell that they were given, and make their own anew by their own `trainable`.
    models = (keras.Function, keras.Sequential)
    around = (inside.Wrapper, inside.Bidirectional, inside.RNN, inside.StackedRNNCells)
    return isinstance(layer, (*models, *around))
