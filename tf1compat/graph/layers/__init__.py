"""Layers with the names, variables and arithmetic of TensorFlow 1.15's `tf.layers`."""

from tf1compat.graph.layers.base import InputSpec, Layer

__all__ = ["InputSpec", "Layer"]
