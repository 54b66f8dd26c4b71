"""What layers of a model are set to: what configures them, and what the model calls after them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from tf1compat.keras3.cells.full_lstm import FullLSTMCell
from tf1compat.keras3.cells.normed_lstm import NormedLSTMCell
from tf1compat.keras3.index._activation_names import (
    activation_name,
    layer_activation,
    operation_activation,
)
from tf1compat.keras3.index._neighbours import END, Neighbours
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.requirements import is_of_keras
from tf1compat.keras3.index.weights import LayerNode

__all__ = ["LayerSettings", "model_settings"]

Found = Iterator[tuple[str, object]]
LayerSettings = Mapping[str, frozenset[Any]]

_L = keras.layers
_NORMS = (_L.BatchNormalization, _L.LayerNormalization, _L.GroupNormalization)
_CONVOLUTIONS = (
    *(_L.Conv1D, _L.Conv2D, _L.Conv3D, _L.Conv1DTranspose, _L.Conv2DTranspose, _L.Conv3DTranspose),
    *(_L.DepthwiseConv1D, _L.DepthwiseConv2D, _L.SeparableConv1D, _L.SeparableConv2D),
)
_TRANSPOSED = (_L.Conv1DTranspose, _L.Conv2DTranspose, _L.Conv3DTranspose)
_PADS = (_L.ZeroPadding1D, _L.ZeroPadding2D, _L.ZeroPadding3D)
_GATED = (_L.LSTMCell, _L.GRUCell, FullLSTMCell, NormedLSTMCell)
_ACTIVATED = (*_CONVOLUTIONS, _L.Dense, _L.EinsumDense)
# What leaves a value as it is, or may come before an elementwise activation as well as after it.
_THROUGH = (
    *(_L.Reshape, _L.Flatten, _L.Permute, _L.RepeatVector, _L.MaxPooling1D, _L.MaxPooling2D),
    *(_L.MaxPooling3D, _L.Concatenate, _L.Identity, *_PADS, _L.ActivityRegularization),
)
_THROUGH_OPS = {
    *("Reshape", "Transpose", "Squeeze", "ExpandDims", "GetItem", "Concatenate", "Cast", "Stack"),
    *("Identity", "Take", "Slice", "StopGradient", "Split"),
}
_SUMS = (
    *(_L.Add, _L.Subtract, _L.Average, _L.AveragePooling1D, _L.AveragePooling2D),
    *(_L.AveragePooling3D, _L.GlobalAveragePooling1D, _L.GlobalAveragePooling2D, _L.Dot),
)
_SUM_OPS = {"Add", "Subtract", "Matmul", "Einsum", "Mean"}
_FAR = 40


def model_settings(index: ModelIndex) -> dict[str, LayerSettings]:
    """Returns, by the path of each layer that has any, its settings by name.

    Each has every value that it has wherever the layer is called; what can't be told is left out.
    ``kind`` is ``"norm"``, ``"convolution"``, ``"dense"`` or ``"gated"``. Values are as those of
    :class:`tf1compat.checkpoint.meta.settings.GraphSettings`; ``padding`` of images whose sizes
    are known (``sizes``, before anything is added) is in pixels. ``activation`` holds ``"end"``
    where the layer's output is one of the model's.
    """
    neighbours = Neighbours(index)
    found = {node.path: _gathered(_of(node, neighbours)) for node in index.layers if node.weights}
    return {path: settings for path, settings in found.items() if settings}


def _gathered(found: Found) -> dict[str, frozenset[Any]]:
    values: dict[str, set[Any]] = defaultdict(set)
    for name, value in found:
        values[name].add(value)
    return {name: frozenset(every) for name, every in values.items() if None not in every}


def _of(node: LayerNode, neighbours: Neighbours) -> Found:
    layer = node.layer
    if isinstance(layer, _NORMS):
        yield "kind", "norm"
        yield from _norm(layer)
    elif isinstance(layer, _CONVOLUTIONS):
        yield "kind", "convolution"
        yield from _convolution(layer, neighbours)
    elif isinstance(layer, _GATED):
        yield "kind", "gated"
        for function in (layer.recurrent_activation, layer.activation):
            yield "gates", activation_name(function)
        yield "cell_clip", getattr(layer, "cell_clip", None) or "none"
        return
    elif isinstance(layer, _L.SimpleRNNCell):  # its state is its only gate
        yield "kind", "gated"
        yield "gates", activation_name(layer.activation)
        return
    elif isinstance(layer, _ACTIVATED):
        yield "kind", "dense"
    else:
        return
    own = activation_name(layer.activation) if isinstance(layer, _ACTIVATED) else "linear"
    if own != "linear":
        yield "activation", own
        behind = list(_Following(neighbours).after(layer))
        yield from (one for one in behind if one[0] == "dropout" or one[1] == "end")
    else:
        yield from _Following(neighbours).after(layer)


def _norm(layer: Any) -> Found:
    yield "epsilon", float(layer.epsilon)
    yield "scale", bool(getattr(layer, "scale", True))
    yield "center", bool(getattr(layer, "center", True))
    if isinstance(layer, _L.BatchNormalization):
        yield "momentum", float(layer.momentum)
        yield "statistics", "moving"
    elif isinstance(layer, _L.LayerNormalization):
        axes = layer.axis
        yield "axes", len(axes) if isinstance(axes, (list, tuple)) else 1


def _convolution(layer: Any, neighbours: Neighbours) -> Found:
    yield "strides", tuple(layer.strides)
    yield "dilation", tuple(layer.dilation_rate)
    yield "kernel_size", tuple(layer.kernel_size)
    yield "transposed", isinstance(layer, _TRANSPOSED)
    first = layer.data_format == "channels_first"
    yield "data_format", "channels_first" if first else "channels_last"
    pads = _pads(layer, neighbours)
    yield "padding", pads
    sizes = _sizes(layer, pads)
    if sizes is not None:
        yield "sizes", sizes


def _pads(layer: Any, neighbours: Neighbours) -> object:
    rank = len(layer.kernel_size)
    before = neighbours.before(layer)
    if layer.padding == "same":
        return "SAME" if not any(isinstance(one, _PADS) for one in before or ()) else None
    if layer.padding != "valid" or before is None:
        return None  # what a layer of the user's own calls before it isn't known
    found = {_zeros(one, rank) for one in before}
    return found.pop() if len(found) == 1 else None


def _zeros(operation: Any, rank: int) -> object:
    if operation is None or _may_pad(operation):
        return None
    if not isinstance(operation, _PADS):
        return ((0, 0),) * rank
    padding = operation.padding
    pairs = padding if isinstance(padding[0], (list, tuple)) else [padding]
    return tuple(tuple(map(int, pair)) for pair in pairs)


def _may_pad(operation: Any) -> bool:
    """Tells what may add zeros itself: a model, a function, a layer of the user's own."""
    if not isinstance(operation, _L.Layer):
        return type(operation).__name__ == "Pad"  # of keras.ops
    return isinstance(operation, (keras.Model, _L.Lambda)) or not is_of_keras(operation)


def _sizes(layer: Any, pads: object) -> tuple[int, ...] | None:
    """Returns the sizes of the image before anything is added to it; None if they aren't known."""
    try:
        shape = tuple(layer.input.shape)
    except (AttributeError, ValueError):  # called several times, or never on symbolic tensors
        return None
    spatial = shape[2:] if layer.data_format == "channels_first" else shape[1:-1]
    if None in spatial or not isinstance(pads, (str, tuple)):
        return None
    if isinstance(pads, str):
        return spatial
    return tuple(size - a - b for size, (a, b) in zip(spatial, pads, strict=True))


class _Following:
    """Goes on from a layer through all that the model calls on its output."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        self._seen: set[int] = set()

    def after(self, operation: Any, rate: float = 0.0) -> Found:
        """Yields activations and rates of dropout; `rate` is that of what was passed so far."""
        following = self._neighbours.after(operation)
        if following is None or len(self._seen) > _FAR:
            yield "activation", None
            yield "dropout", None
            return
        for one in following:
            if id(one) not in self._seen:
                self._seen.add(id(one))
                yield from self._at(one, rate)

    def _at(self, operation: Any, rate: float) -> Found:
        if operation is END:
            yield "activation", "end"
            yield "dropout", None  # a head's is before it
        elif isinstance(operation, _L.Dropout):
            yield from self.after(operation, float(operation.rate))
        elif name := _activation(operation):
            yield "activation", name
            rates = list(self.after(operation, rate))
            yield from (one for one in rates if one[0] == "dropout")
        elif name is None:
            yield from self._ended(None, rate)
        elif isinstance(operation, _THROUGH) or type(operation).__name__ in _THROUGH_OPS:
            yield from self.after(operation, rate)
        else:
            yield from self._ended("linear" if _is_plain(operation) else None, rate)

    def _ended(self, activation: str | None, rate: float) -> Found:
        yield "activation", activation
        yield "dropout", rate


def _activation(operation: Any) -> str | None:
    if isinstance(operation, _L.Layer):
        return layer_activation(operation)
    return operation_activation(operation)


def _is_plain(operation: Any) -> bool:
    """Tells what takes a value as it is: another layer with weights, or a sum."""
    if isinstance(operation, _SUMS):
        return True
    if isinstance(operation, _L.Layer):
        known = is_of_keras(operation) and not isinstance(operation, keras.Model)
        return known and bool(operation.weights)
    sums = type(operation).__name__ in _SUM_OPS
    return sums and len(keras.tree.flatten(operation.input)) > 1
