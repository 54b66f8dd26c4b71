"""A model as the graph that TensorFlow makes of it, where TensorFlow is Keras' backend."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
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
    if keras.config.backend() != "tensorflow":
        return None
    for given in _inputs(index.model):
        found = _traced(index, given)
        if found is not None:
            return found
    return None


def _traced(index: ModelIndex, given: Any) -> TracedGraph | None:
    import tensorflow as tf

    names = {path: f"weight_{number}" for number, path in enumerate(index)}

    def computed(held: Mapping[str, Any], given: Any) -> Any:
        mapping = [(index[path].variable, held[name]) for path, name in names.items()]
        with keras.StatelessScope(state_mapping=mapping, initialize_variables=False):
            return index.model(given, training=False)

    held = {
        name: tf.TensorSpec(index[path].shape, index[path].dtype, name)
        for path, name in names.items()
    }
    given = keras.tree.map_structure(lambda one: tf.TensorSpec(one.shape, one.dtype), given)
    try:
        traced = tf.function(computed, autograph=False).get_concrete_function(held, given)
    except Exception:  # whatever a layer of the user's own raises
        return None
    return TracedGraph(traced.graph.as_graph_def().SerializeToString(), names)


def _inputs(model: Any) -> Iterator[Any]:
    """Yields what a model may be called on, as symbolic tensors in the structure that it takes.

    A model of a class of the user's own knows the shapes that it was built for, not the dtypes.
    """
    if tensors := getattr(model, "inputs", None):
        structure = getattr(model, "input", tensors)  # a Sequential that wasn't called has none
        yield structure if isinstance(structure, dict) or len(tensors) > 1 else tensors[0]
        return
    shapes = (model.get_build_config() or {}).get("input_shape")
    if shapes:
        for dtype in ("float32", "int32"):
            yield _of_shapes(shapes, dtype)


def _of_shapes(shapes: Any, dtype: str) -> Any:
    if isinstance(shapes, dict):
        return {name: _of_shapes(one, dtype) for name, one in shapes.items()}
    if all(size is None or isinstance(size, int) for size in shapes):
        return keras.KerasTensor(tuple(shapes), dtype)
    return [_of_shapes(one, dtype) for one in shapes]
