"""Images that a model flattens, and the layers that take their pixels as rows of a kernel."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import keras

from tf1compat.checkpoint.meta.flat_images import read_flattened
from tf1compat.keras3.index._functional import model_graph, simple_edges
from tf1compat.keras3.index._tree import is_graph, is_stack
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.requirements import is_of_keras
from tf1compat.keras3.index.weights import Weight

__all__ = ["IN_PLACE", "Above", "FlatImage", "flattened_images", "has_format"]

_IMAGE = 3  # dimensions beside the batch, at least: 1-D signals have two
# By their names: not every Keras has all of them.
IN_PLACE = frozenset(
    {
        *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Identity", "Rescaling"),
        *("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization"),
        *("BatchNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization"),
    }
)
"""Names of classes of layers that leave every element in its place."""
# By the names of their classes, as `keras.ops` have them too.
_MOVING = frozenset({"Reshape", "Transpose", "Moveaxis", "Swapaxes"})
# What has no pixels to give: one number for a whole image, a unit, a word, a step.
_NO_IMAGE = re.compile(
    r"Dense|EinsumDense|Embedding|Global\w+Pooling\w*|InputLayer|CategoryEncoding|"
    r"LSTM|GRU|SimpleRNN|RNN|Bidirectional"
)
# What puts units beside each other, or reckons with several: no image where none has one.
_JOINING = frozenset(
    {"Concatenate", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"}
)
_UNTOLD = 20  # layers that are followed upwards


@dataclasses.dataclass(frozen=True)
class FlatImage:
    """An image that is flattened before a layer, or made of a layer's units.

    Attributes:
      sizes: height, width and channels, whatever the layers compute in, without the batch; () if
        it can't be told what stands before the layer, an image or anything else.
      data_format: the order in which its pixels stand: ``"NHWC"`` or ``"NCHW"``; ``""`` if that
        can't be told.
    """

    sizes: tuple[int, ...]
    data_format: str


_CAN_T_TELL = FlatImage((), "")


def flattened_images(index: ModelIndex) -> dict[str, FlatImage]:
    """Returns, by path, the image that a weight's layer has before it, flattened.

    Of matrices that a layer multiplies by, and of vectors that may be of pixels. Known in
    Functional and Sequential models, nested ones too, for layers that are used once; on the
    TensorFlow backend the graph tells of others. Left out are layers without an image before them.
    """
    if not any(_sees_images(node.layer) for node in index.layers):
        return {}
    above = Above(index)
    layers = {node.path: node.layer for node in index.layers}
    found: dict[str, FlatImage | None] = {}
    for path, weight in index.items():
        layer = layers[weight.layer_path]
        if _may_be_of_pixels(weight, layer):
            found[path] = above.flattened(layer)
    untold = [path for path, image in found.items() if image is _CAN_T_TELL]
    found |= _traced(index, untold) if untold else {}
    return {path: image for path, image in found.items() if image is not None}


def _sees_images(layer: Any) -> bool:
    """Tells whether a layer has pixels before it: of what is flattened, more than one axis."""
    if not isinstance(layer, keras.layers.Flatten):
        return hasattr(layer, "data_format")
    try:
        sizes = layer.input.shape[1:]
    except (AttributeError, ValueError):  # used several times, or never on symbolic tensors
        return True
    return sum(size != 1 for size in sizes) > 1


def _may_be_of_pixels(weight: Weight, layer: Any) -> bool:
    dense = weight.layer_class in ("Dense", "EinsumDense") or not is_of_keras(layer)
    matrix = len(weight.shape) == 2 and weight.role == "kernel" and dense
    return matrix or (len(weight.shape) == 1 and weight.layer_class in IN_PLACE)


def _traced(index: ModelIndex, paths: Collection[str]) -> dict[str, FlatImage | None]:
    """Returns what the graph of the model tells of some matrices, by path."""
    graph = index.graph_of("")
    told = read_flattened(graph.graph_def, graph.weights) if graph is not None else {}
    found: dict[str, FlatImage | None] = {}
    for path, pixels in told.items():
        if path not in paths or pixels.data_format == "":
            continue
        rows = index[path].shape[0]
        if pixels.data_format is None:
            found[path] = None
        elif pixels.channels and rows % pixels.channels == 0:
            sizes = (rows // pixels.channels, pixels.channels)
            found[path] = FlatImage(sizes, pixels.data_format)
    return found


class InputLayer:
    """Stands for that of a Sequential model, which doesn't hold one."""


class Above:
    """Which layer feeds which, within a model and into those that it holds."""

    def __init__(self, index: ModelIndex) -> None:
        self._before: dict[Any, Any] = {}
        self._within: dict[Any, Any] = {}
        for node in index.layers:
            model = node.layer
            if is_stack(model):
                self._before |= dict(zip(model.layers[1:], model.layers, strict=False))
                if model is index.model:
                    self._before |= dict.fromkeys(model.layers[:1], InputLayer())
            elif is_graph(model):
                edges = list(simple_edges(model))
                once = Counter(consumer for _, consumer in edges)
                self._before |= {c: p for p, c in edges if once[c] == 1}
            if is_stack(model) or is_graph(model):
                self._within |= dict.fromkeys(_operations(model), model)

    def of(self, layer: Any) -> Any:
        """Returns what feeds a layer; None where that can't be told."""
        above = self._before.get(layer)
        if above is None or type(above).__name__ == "InputLayer":
            model = self._within.get(layer)
            outer = self._before.get(model) if model is not None else None
            above = outer if outer is not None else above
        while above is not None and (is_stack(above) or is_graph(above)):
            above = _last(above)
        return above

    def flattened(self, layer: Any) -> FlatImage | None:
        """Returns the image before a layer, what stands for not knowing it, or None for none."""
        above = self._moved(self.of(layer))
        name = type(above).__name__
        if self._has_none(above, _UNTOLD):
            return None
        if isinstance(above, keras.layers.Flatten):
            return self._image(above, above.data_format == "channels_first")
        if name == "Reshape" and len(getattr(above, "target_shape", ())) == 1:
            return self._image(above, first=False)
        return None if above is not None and _is_wide(layer) else _CAN_T_TELL

    def _moved(self, above: Any) -> Any:
        """Returns what made the values that an operation and those above it leave in place."""
        for _ in range(_UNTOLD):
            if type(above).__name__ not in IN_PLACE:
                break
            above = self.of(above)
        return above

    def _has_none(self, above: Any, left: int) -> bool:
        """Tells whether an operation's values are surely no image's, nor of several."""
        name = type(above).__name__
        if name not in _JOINING or not left:
            return _NO_IMAGE.fullmatch(name) is not None
        joined = [self._moved(one) for one in self._joined(above)]
        inputs = any(type(one).__name__ == "InputLayer" for one in joined)
        return bool(joined) and not inputs and all(self._has_none(one, left - 1) for one in joined)

    def _joined(self, layer: Any) -> list[Any]:
        """Returns what feeds a layer that is called once; [] where that can't be told."""
        model = self._within.get(layer)
        graph = model_graph(model) if model is not None and is_graph(model) else None
        calls = [call for call in graph.calls if call.operation is layer] if graph else []
        if len(calls) != 1 or graph is None:
            return []
        named = {call.operation.name: call.operation for call in graph.calls}
        found = [named[ref.operation] for ref in calls[0].inputs]
        return [_last(one) if is_stack(one) or is_graph(one) else one for one in found]

    def _image(self, flatten: Any, first: bool) -> FlatImage | None:
        try:
            shape = tuple(flatten.input.shape[1:])
        except (AttributeError, ValueError):  # used several times, or never on symbolic tensors
            return _CAN_T_TELL
        if len(shape) < _IMAGE - 1:
            return None
        axes = self._axes(flatten, len(shape))
        if None in shape or axes is None:
            return _CAN_T_TELL
        if first:  # which Flatten puts last itself
            axes, shape = axes[1:] + axes[:1], shape[1:] + shape[:1]
        if axes == _last_axes(len(shape)):
            return FlatImage(shape, "NHWC")
        return (
            FlatImage(shape[1:] + shape[:1], "NCHW")
            if axes == _first_axes(len(shape))
            else _CAN_T_TELL
        )

    def _axes(self, flatten: Any, rank: int) -> list[str] | None:
        """Returns what stands along each axis of what is flattened; None if that can't be told."""
        turns: list[tuple[int, ...]] = []
        above = self.of(flatten)
        while above is not None and not has_format(above):
            if isinstance(above, keras.layers.Permute):
                turns.insert(0, tuple(axis - 1 for axis in above.dims))
            elif type(above).__name__ in _MOVING:
                return None
            above = self.of(above)
        if above is None and turns:
            return None
        first = above is not None and above.data_format == "channels_first"
        axes = _first_axes(rank) if first else _last_axes(rank)
        for order in turns:
            if len(order) != rank:
                return None
            axes = [axes[axis] for axis in order]
        return axes


def _operations(model: Any) -> list[Any]:
    return list(model.layers if is_stack(model) else model.operations)


def _last(model: Any) -> Any:
    """Returns what makes the only output of a model; None where there are several."""
    if is_stack(model):
        return model.layers[-1] if model.layers else None
    made = [op for op in model.operations if any(t is model.outputs[0] for t in _outputs(op))]
    return made[0] if len(model.outputs) == 1 and made else None


def _outputs(operation: Any) -> list[Any]:
    try:
        return list(keras.tree.flatten(operation.output))
    except (AttributeError, ValueError):
        return []


def _is_wide(layer: Any) -> bool:
    """Tells whether a layer is given more than one axis beside the batch: nothing is flat then."""
    try:
        return len(layer.input.shape) > 2
    except (AttributeError, ValueError):
        return False


def has_format(layer: Any) -> bool:
    """Tells whether a layer takes images, in a data format."""
    return isinstance(getattr(layer, "data_format", None), str) and not isinstance(
        layer, keras.layers.Flatten
    )


def _first_axes(rank: int) -> list[str]:
    return ["channels", *_spaces(rank)]


def _last_axes(rank: int) -> list[str]:
    return [*_spaces(rank), "channels"]


def _spaces(rank: int) -> Iterator[str]:
    return (f"space_{i}" for i in range(rank - 1))
