"""A model as TensorFlow's graph: bytes of a GraphDef in which each weight is a placeholder.

On the TensorFlow backend what a layer does can be read from there as from a graph of 1.x, whoever
wrote the layer. Nothing is computed and no weight needs a value.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras

from tf1compat.stopping import contained

__all__ = ["TracedGraph", "trace_layer"]

_BATCH = 2  # of inputs whose batch is open: known sizes make graphs simpler


@dataclasses.dataclass(frozen=True)
class TracedGraph:
    """A graph of TensorFlow.

    Attributes:
      graph_def: the serialized GraphDef.
      weights: by the name of a placeholder in it, the path of the weight that it stands for.
    """

    graph_def: bytes
    weights: Mapping[str, str]


def trace_layer(layer: Any, weights: Mapping[str, Any]) -> TracedGraph | None:
    """Returns the graph of a layer or model in inference mode, by the inputs it was built for.

    None on other backends than TensorFlow, for a layer whose inputs aren't known, and for one that
    can't be traced.

    Args:
      layer: a built layer.
      weights: the variables that become placeholders, by path.
    """
    if keras.config.backend() != "tensorflow":
        return None
    import tensorflow as tf

    variables = list(weights.values())
    specs = [tf.TensorSpec(v.shape, v.dtype) for v in variables]
    for given in _inputs(layer):
        try:
            called = tf.function(_called(layer, variables), autograph=False)
            with contained():
                concrete = called.get_concrete_function(specs, given)
        except Exception:  # a layer of the user's own may do anything when it is called
            continue
        names = [tensor.op.name for tensor in concrete.inputs[: len(variables)]]
        data = concrete.graph.as_graph_def().SerializeToString()
        return TracedGraph(data, dict(zip(names, weights, strict=True)))
    return None


def _called(layer: Any, variables: Sequence[Any]) -> Callable[[Any, Any], Any]:
    """Returns the layer as a function of its weights' values and of its inputs."""

    def called(values: Any, inputs: Any) -> Any:
        mapping = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping, initialize_variables=False):
            return _call(layer, inputs)

    return called


def _call(layer: Any, inputs: Any) -> Any:
    known = inspect.signature(layer.call).parameters
    inference = {"training": False} if "training" in known else {}
    if isinstance(layer, keras.Model):
        return layer(inputs, **inference)
    return layer(**inputs, **inference) if isinstance(inputs, dict) else layer(*inputs, **inference)


def _inputs(layer: Any) -> Iterator[Any]:
    """Yields specs of what a layer may be called with, as far as it tells."""
    try:
        known = keras.tree.map_structure(_spec, layer.input)
        yield known if isinstance(layer, keras.Model) else [known]
    except (AttributeError, ValueError):  # never called on symbolic tensors, or several times
        pass
    config = layer.get_build_config() or {}
    shapes = config.get("shapes_dict") or config
    found = {name.removesuffix("_shape"): s for name, s in shapes.items() if _is_shape(s)}
    if not found or len(found) != len(shapes):
        return
    # A layer knows the shapes that it was built for, not the dtypes.
    for dtype in (layer.compute_dtype, "int32"):
        specs = {name: _spec(keras.KerasTensor(shape, dtype)) for name, shape in found.items()}
        yield specs
        if len(specs) == 1:
            yield (
                next(iter(specs.values())) if isinstance(layer, keras.Model) else [*specs.values()]
            )


def _is_shape(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(s is None or isinstance(s, int) for s in value)


def _spec(tensor: Any) -> Any:
    import tensorflow as tf

    first, *others = tensor.shape or (None,)
    sizes = [_BATCH if first is None else first, *others] if tensor.shape else []
    return tf.TensorSpec(sizes, tensor.dtype)
