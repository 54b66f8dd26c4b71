"""Keras 3 models: their weights by stable path, built without memory, streamed to files.

Keras is imported when one of these names is first asked for, not before: command lines import
descriptions of formats from within this package, and shouldn't wait seconds to refuse a flag.
"""

import typing as _typing

from tf1compat import lazy as _lazy
from tf1compat.keras3.formats import keras_sources as _keras_sources  # noqa: F401 - adds them

if _typing.TYPE_CHECKING:
    from tf1compat.keras3.cells.full_lstm import FullLSTMCell
    from tf1compat.keras3.cells.normed_lstm import NormedLSTMCell
    from tf1compat.keras3.chosen.layer_counts import LayerCount, LayerCounts
    from tf1compat.keras3.chosen.learning_rates import ScaledLearningRates, scaled_learning_rates
    from tf1compat.keras3.chosen.selecting import Selection, select
    from tf1compat.keras3.chosen.weight_freezing import FrozenWeights
    from tf1compat.keras3.chosen.weight_health import Health, WeightHealth
    from tf1compat.keras3.formats.export import export_weights
    from tf1compat.keras3.formats.exported import Exported, ExportedArray
    from tf1compat.keras3.formats.keras_file import load_model_file
    from tf1compat.keras3.formats.loading import lazy_model, load_model
    from tf1compat.keras3.formats.reading import read_exported
    from tf1compat.keras3.index.model_index import ModelIndex, index_model
    from tf1compat.keras3.index.weights import LayerNode, Weight
    from tf1compat.keras3.models.as_checkpoint import model_checkpoint
    from tf1compat.keras3.models.deferred import build_model, initialize_model
    from tf1compat.keras3.models.factories import load_factory
    from tf1compat.keras3.models.running import layer_outputs, run_model

__all__ = [
    "Exported",
    "ExportedArray",
    "FrozenWeights",
    "FullLSTMCell",
    "Health",
    "LayerCount",
    "LayerCounts",
    "LayerNode",
    "ModelIndex",
    "NormedLSTMCell",
    "ScaledLearningRates",
    "Selection",
    "Weight",
    "WeightHealth",
    "build_model",
    "export_weights",
    "index_model",
    "initialize_model",
    "layer_outputs",
    "lazy_model",
    "load_factory",
    "load_model",
    "load_model_file",
    "model_checkpoint",
    "read_exported",
    "run_model",
    "scaled_learning_rates",
    "select",
]

_HOMES = {
    ".cells.full_lstm": ["FullLSTMCell"],
    ".cells.normed_lstm": ["NormedLSTMCell"],
    ".formats.export": ["export_weights"],
    ".formats.exported": ["Exported", "ExportedArray"],
    ".formats.loading": ["lazy_model", "load_model"],
    ".formats.reading": ["read_exported"],
    ".index.model_index": ["ModelIndex", "index_model"],
    ".index.weights": ["LayerNode", "Weight"],
    ".models.as_checkpoint": ["model_checkpoint"],
    ".models.deferred": ["build_model", "initialize_model"],
    ".models.factories": ["load_factory"],
    ".formats.keras_file": ["load_model_file"],
    ".models.running": ["layer_outputs", "run_model"],
    ".chosen.weight_freezing": ["FrozenWeights"],
    ".chosen.weight_health": ["Health", "WeightHealth"],
    ".chosen.layer_counts": ["LayerCount", "LayerCounts"],
    ".chosen.learning_rates": ["ScaledLearningRates", "scaled_learning_rates"],
    ".chosen.selecting": ["Selection", "select"],
}

__getattr__, __dir__ = _lazy.exports(__name__, _HOMES)
