"""A model as the graph that TensorFlow makes of it, where TensorFlow is Keras' backend."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["TracedGraph", "traced_graph"]


@dataclasses.dataclass(frozen=True)
class TracedGraph:
    """What a model computes in inference mode, as a graph.

    Attributes:
      graph_def: a GraphDef, serialized.
      weights: by path of the weight, the name of the placeholder that stands for it.
    """

    graph_def: bytes
    weights: Mapping[str, str]


def traced_graph(index: ModelIndex) -> TracedGraph | None:
    """Returns the graph of a model; its weights may be without values, and are left as they are.

    None where another backend computes, for models whose inputs aren't known, and where tracing
    a layer of the user's own fails.
    """
    inputs = getattr(index.model, "inputs", None)
    if keras.config.backend() != "tensorflow" or not inputs:
        return None
    import tensorflow as tf

    names = {path: f"weight_{number}" for number, path in enumerate(index)}

    def computed(held: Mapping[str, Any], given: list[Any]) -> Any:
        mapping = [(index[path].variable, held[name]) for path, name in names.items()]
        with keras.StatelessScope(state_mapping=mapping, initialize_variables=False):
            return index.model(_packed(index.model, given), training=False)

    held = {
        name: tf.TensorSpec(index[path].shape, index[path].dtype, name)
        for path, name in names.items()
    }
    given = [tf.TensorSpec(one.shape, one.dtype) for one in keras.tree.flatten(inputs)]
    try:
        traced = tf.function(computed, autograph=False).get_concrete_function(held, given)
        data = traced.graph.as_graph_def().SerializeToString()
    except Exception:  # whatever a layer of the user's own raises
        return None
    return TracedGraph(data, names)


def _packed(model: Any, given: list[Any]) -> Any:
    """Returns inputs as the model takes them: one, a list or a dict."""
    structure = getattr(model, "input", None)
    if isinstance(structure, dict):
        return keras.tree.pack_sequence_as(structure, given)
    return given[0] if len(given) == 1 else given
