"""Images that a graph flattens before a product: in which data format their pixels come."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence

from tf1compat.budget import Budget
from tf1compat.checkpoint.meta._attributes import text, values
from tf1compat.checkpoint.meta._graph_def import parse_graph
from tf1compat.checkpoint.meta._inlining import inlined
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._wiring import Wiring
from tf1compat.names.op_types import PASSING_OPS, VARIABLE_OPS

__all__ = ["ELEMENTWISE", "FlatPixels", "flattened_format", "read_flattened"]

_FAR = 64  # ops that are followed from one to another
ELEMENTWISE = PASSING_OPS | {
    *("Relu", "Relu6", "Elu", "Selu", "Sigmoid", "Tanh", "Softplus", "LeakyRelu", "Cast"),
    *("Mul", "RealDiv", "Maximum", "Add", "AddV2", "Sub", "BiasAdd", "Merge", "Switch"),
}
"""Types of ops that leave every element in its place."""

_KEEPING = frozenset(
    {
        *("MaxPool", "AvgPool", "MaxPool3D", "AvgPool3D"),
        *("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"),
    }
)
_CONVOLVING = frozenset({"Conv2D", "Conv3D", "DepthwiseConv2dNative"})
_SPATIAL = _KEEPING | _CONVOLVING
_MOVING = frozenset({"Reshape", "Transpose", "Squeeze"})

_PRODUCTS = frozenset({"MatMul", "BatchMatMul", "BatchMatMulV2", "Einsum"})
# What has no pixels to give: units, words, one number for a whole image.
_NO_PIXELS = _PRODUCTS | {
    *("Placeholder", "Const", "Gather", "GatherV2", "ResourceGather", "Mean", "Max", "Sum"),
    *("Softmax", "OneHot", "While", "StatelessWhile", "TensorListStack"),
}

# What stands along each axis of a value, as it was in the image: the batch, spaces, channels.
_Axes = list[tuple[str, ...]]
_BATCH, _CHANNELS = "batch", "channels"


def flattened_format(nodes: Mapping[str, Node], product: Node) -> str | None:
    """Returns the data format of the image whose flat pixels a product takes.

    Any row of reshapes and transposes may come between.

    Returns:
      ``"NHWC"``, ``"NCHW"``, ``""`` where pixels come in another order or one that can't be told;
      None where it is no flattened image.
    """
    return _Flattened(nodes, lenient=True).format(product.inputs[0])


@dataclasses.dataclass(frozen=True)
class FlatPixels:
    """What stands before a product.

    Attributes:
      data_format: as of :func:`flattened_format`, but ``""`` too where it can't be followed.
      channels: how many the image has; None if that can't be told.
    """

    data_format: str | None
    channels: int | None = None


def read_flattened(graph_def: bytes, names: Mapping[str, str]) -> Mapping[str, FlatPixels]:
    """Returns what stands before the products by what some nodes of a graph hold.

    Args:
      graph_def: a serialized GraphDef.
      names: by the name of a node, such as a placeholder, what to call it.

    Raises:
      WireError: it isn't a GraphDef.
    """
    budget = Budget("a traced graph", len(graph_def))
    nodes = dict(inlined(parse_graph(memoryview(graph_def), budget), budget))
    for name in names:
        if name in nodes:
            nodes[name] = dataclasses.replace(nodes[name], op="VariableV2")
    wires, found = Wiring(nodes), {}
    for node in nodes.values():
        kernel = wires.source(node, 1) if node.op in _PRODUCTS else None
        if kernel is not None and kernel.name in names:
            found[names[kernel.name]] = _pixels(nodes, node)
    return found


def _pixels(nodes: Mapping[str, Node], product: Node) -> FlatPixels:
    flattened = _Flattened(nodes)
    try:
        made = flattened.format(product.inputs[0])
    except _LostError:
        return FlatPixels("")
    channels = flattened.channels(product.inputs[0]) if made is not None else None
    return FlatPixels(made, channels)


class _LostError(Exception):
    """An op that may move elements stands in the way."""


@dataclasses.dataclass(frozen=True)
class _Flattened:
    nodes: Mapping[str, Node]
    lenient: bool = False

    def channels(self, name: str) -> int | None:
        """Returns the channels of the image that a value is of, moved or not."""
        for _ in range(_FAR):
            node = self._first(name, until=lambda n: n.op in _SPATIAL | _MOVING)
            if node is None or node.op in _SPATIAL:
                return self._channels(node)
            name = node.inputs[0]
        return None

    def format(self, name: str) -> str | None:
        moves: list[Node] = []
        for _ in range(_FAR):
            node = self._first(name, until=lambda n: n.op in _SPATIAL | _MOVING)
            if node is None or node.op == "Squeeze":
                return None
            if node.op in _SPATIAL:
                return self._moved(node, moves)
            if not moves and node.op != "Reshape":
                return None
            moves.insert(0, node)
            name = node.inputs[0]
        return None

    def _moved(self, image: Node, moves: Sequence[Node]) -> str | None:
        """Returns what a row of moves, the last of which flattens, makes of an image."""
        if not moves:
            return None
        axes = _axes_of(image)
        for node in moves[:-1]:
            if node.op == "Transpose":
                turned = self._turned(node, axes)
            else:
                turned = _parted(self._sizes(node), axes, self._channels(image))
            if turned is None:
                return ""
            axes = turned
        flat = list(itertools.chain(*axes[1:]))
        if axes[0] != (_BATCH,):
            return ""
        return "NCHW" if _channels_first(flat) else "NHWC" if _channels_last(flat) else ""

    def _turned(self, node: Node, axes: _Axes) -> _Axes | None:
        order = [int(axis) for axis in values(self.nodes[node.inputs[1]]) or ()]
        return [axes[i] for i in order] if sorted(order) == list(range(len(axes))) else None

    def _sizes(self, node: Node) -> tuple[int | None, ...]:
        """Returns the sizes that are reshaped to, None for each that isn't a constant."""
        shape = self.nodes[node.inputs[1]]
        if shape.op == "Pack":
            parts = [values(self.nodes[name]) or (0,) for name in shape.inputs]
        else:
            parts = [(size,) for size in values(shape) or ()]
        return tuple(int(part[0]) if part[0] > 0 else None for part in parts)

    def _channels(self, node: Node | None) -> int | None:
        """Returns the channels of an image, which the nearest convolution's kernel has."""
        for _ in range(_FAR):
            node = node and self._first(node.name, until=lambda n: n.op in _SPATIAL)
            if node is None or node.op in _CONVOLVING:
                break
            node = self.nodes.get(node.inputs[0])
        kernel = node and self._first(node.inputs[1], until=lambda n: n.op in VARIABLE_OPS)
        if not node or not kernel or not kernel.shape or None in kernel.shape[-2:]:
            return None
        inputs, outputs = (size or 0 for size in kernel.shape[-2:])
        return inputs * outputs if node.op == "DepthwiseConv2dNative" else outputs

    def _first(self, name: str, *, until: Callable[[Node], bool]) -> Node | None:
        """Returns the nearest op of a kind, back through ops that leave elements in place."""
        for _ in range(_FAR):
            node = self.nodes.get(name)
            if node is None or until(node):
                return node
            if node.op not in ELEMENTWISE or not node.inputs:
                if self.lenient or node.op in _NO_PIXELS:
                    return None
                raise _LostError
            name = self._activation(node)
        return None

    def _activation(self, node: Node) -> str:
        """Returns the input that isn't made of variables and constants alone: here, the first."""
        constants = [name for name in node.inputs if self.nodes[name].op == "Const"]
        return next((name for name in node.inputs if name not in constants), node.inputs[0])


def _axes_of(image: Node) -> _Axes:
    spaces = [(f"space_{i}",) for i in range(3 if image.op.endswith("3D") else 2)]
    if text(image, "data_format").startswith("NC"):
        return [(_BATCH,), (_CHANNELS,), *spaces]
    return [(_BATCH,), *spaces, (_CHANNELS,)]


def _channels_first(flat: Sequence[str]) -> bool:
    return list(flat) == [_CHANNELS, *_spaces(flat)]


def _channels_last(flat: Sequence[str]) -> bool:
    return list(flat) == [*_spaces(flat), _CHANNELS]


def _spaces(flat: Sequence[str]) -> list[str]:
    return sorted(one for one in flat if one != _CHANNELS)


def _parted(sizes: Sequence[int | None], axes: _Axes, channels: int | None) -> _Axes | None:
    """Returns the axes of a reshaped image; None where its channels aren't an axis of it.

    Pixels may be parted otherwise than they were, as long as they stand in their order.
    """
    flat = list(itertools.chain(*axes[1:]))
    count = len(sizes) - 2
    if axes[0] != (_BATCH,) or not sizes or sizes[0] is not None:
        return None
    if count == 0:
        return [axes[0], tuple(flat)]
    spaces = [(f"space_{i}",) for i in range(count)]
    if channels is not None and sizes[1] == channels and _channels_first(flat):
        return [axes[0], (_CHANNELS,), *spaces]
    if channels is not None and sizes[-1] == channels and _channels_last(flat):
        return [axes[0], *spaces, (_CHANNELS,)]
    return None
