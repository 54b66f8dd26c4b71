"""Keras 3 models: their weights by stable path, built without memory, streamed to files."""

from tf1compat.keras3.index import ModelIndex, index_model
from tf1compat.keras3.weights import LayerNode, Weight

__all__ = [
    "LayerNode",
    "ModelIndex",
    "Weight",
    "index_model",
]
