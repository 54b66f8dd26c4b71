"""Keras 3 models: their weights by stable path, built without memory, streamed to files."""

from tf1compat.keras3.build import build_model, initialize_model
from tf1compat.keras3.export import export_weights
from tf1compat.keras3.exported import Exported, ExportedArray, read_exported
from tf1compat.keras3.index import ModelIndex, index_model
from tf1compat.keras3.model_file import load_model_file
from tf1compat.keras3.opening import lazy_model, load_model
from tf1compat.keras3.running import layer_outputs, run_model
from tf1compat.keras3.sources import load_factory
from tf1compat.keras3.weights import LayerNode, Weight

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
