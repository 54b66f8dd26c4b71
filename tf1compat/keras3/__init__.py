"""Keras 3 models: their weights by stable path, built without memory, streamed to files."""

from tf1compat.keras3.formats.export import export_weights
from tf1compat.keras3.formats.exported import Exported, ExportedArray, read_exported
from tf1compat.keras3.index.model_index import ModelIndex, index_model
from tf1compat.keras3.index.weights import LayerNode, Weight
from tf1compat.keras3.models.deferred import build_model, initialize_model
from tf1compat.keras3.models.factories import load_factory
from tf1compat.keras3.models.keras_file import load_model_file
from tf1compat.keras3.models.loading import lazy_model, load_model
from tf1compat.keras3.models.running import layer_outputs, run_model

__all__ = [
    "Exported",
    "ExportedArray",
    "LayerNode",
    "ModelIndex",
    "Weight",
    "build_model",
    "export_weights",
    "index_model",
    "initialize_model",
    "layer_outputs",
    "lazy_model",
    "load_factory",
    "load_model",
    "load_model_file",
    "read_exported",
    "run_model",
]
