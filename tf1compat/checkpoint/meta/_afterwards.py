"""What becomes of a layer's output up to the next variable: activation and dropout."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from tf1compat.checkpoint.meta._activation_patterns import composed, one_op
from tf1compat.checkpoint.meta._dropout_pattern import dropped_out
from tf1compat.checkpoint.meta._forward_pass import ADDS, FUSED_NORMS, ForwardPass
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.names.op_types import PASSING_OPS

__all__ = ["settings_afterwards"]

Found = Iterator[tuple[str, object]]

_FAR = 40
# What leaves a value as it is, or may come before an elementwise activation as well as after it.
_THROUGH = PASSING_OPS | {
    *("Reshape", "Squeeze", "ExpandDims", "Transpose", "Cast", "Switch", "Merge", "StopGradient"),
    *("BatchToSpaceND", "MaxPool", "MaxPoolV2", "MaxPool3D", "Pad", "CheckNumerics", "Split"),
    *("StridedSlice", "Slice", "Gather", "GatherV2", "ConcatV2", "Pack", "SplitV", "Unpack"),
    *("ResizeNearestNeighbor", "SpaceToBatchND"),
}
# What says something of a value and hands nothing on.
_BESIDE = frozenset(
    {
        *("Shape", "ShapeN", "Size", "Rank", "ArgMax", "ArgMin", "TopK", "TopKV2", "InTopK"),
        *("InTopKV2", "Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"),
        *("IsNan", "IsInf", "IsFinite", "ZerosLike", "OnesLike", "L2Loss"),
    }
)
_LOSSES = {
    "SoftmaxCrossEntropyWithLogits": "softmax",
    "SparseSoftmaxCrossEntropyWithLogits": "softmax",
}
_SUMS = ADDS | {"Sub", "AddN", "SquaredDifference", "AvgPool", "Mean", "ResizeBilinear"}
_PRODUCTS = frozenset(
    {
        *("MatMul", "BatchMatMul", "BatchMatMulV2", "Conv2D", "Conv3D", "DepthwiseConv2dNative"),
        *("Conv2DBackpropInput", "Conv3DBackpropInputV2"),
    }
)


def settings_afterwards(graph: ForwardPass, variables: Collection[str]) -> Found:
    """Yields activations and rates of dropout behind the ops that take `variables`, by name.

    ``"linear"`` stands for none; ``None`` tells that something can't be read.
    """
    for node in _ends(graph, graph.sites(variables)):
        port = 0 if node.op in FUSED_NORMS else None
        yield from _Walk(graph).after(node.name, port)


def _ends(graph: ForwardPass, sites: list[Node]) -> Iterator[Node]:
    """Yields those of a layer's ops whose output goes to none of them."""
    own = {node.name for node in sites}
    found: dict[str, Node] = {}
    for node in sites:
        if sums := _sums_with_scaled(graph, node):
            found.update((one.name, one) for one in sums)
        elif not _is_scale(graph, node) and not _reaches(graph, node.name, own):
            found[node.name] = node
    yield from found.values()


def _sums_with_scaled(graph: ForwardPass, node: Node) -> list[Node]:
    """Returns the sums that are a norm's output, where an op only prepares what is added.

    ``x * scale + (offset - mean * scale)`` is how tf.nn.batch_normalization and Keras have it.
    """
    return [
        total
        for total in graph.readers(node.name)
        if total.op in ADDS and node.op in (*ADDS, "Sub")
        for other in (graph.nodes[one] for one in total.inputs if one != node.name)
        if other.op == "Mul" and any(_scales(graph, one) for one in other.inputs)
    ]


def _scales(graph: ForwardPass, name: str) -> bool:
    node = graph.back(name)
    return node is not None and (node.op == "Rsqrt" or _is_scale(graph, node))


def _is_scale(graph: ForwardPass, node: Node) -> bool:
    """Tells whether an op only prepares what a norm's input is multiplied with."""
    roots = [graph.back(one) for one in node.inputs]
    return node.op == "Mul" and any(root is not None and root.op == "Rsqrt" for root in roots)


def _reaches(graph: ForwardPass, name: str, own: set[str]) -> bool:
    """Tells whether what comes out of a node goes to an op of a layer as it is."""
    pending, seen = [name], {name}
    while pending and len(seen) < _FAR:
        for reader in graph.readers(pending.pop()):
            if reader.name in own:
                return True
            if reader.op in _THROUGH and reader.name not in seen:
                seen.add(reader.name)
                pending.append(reader.name)
    return False


class _Walk:
    """Goes on from one output through all that reads it."""

    def __init__(self, graph: ForwardPass) -> None:
        self._graph = graph
        self._seen: set[tuple[str, int | None]] = set()

    def after(self, name: str, port: int | None = None, *, rate: object = 0.0) -> Found:
        """Yields what is behind a node; `rate` is that of the dropout passed so far."""
        if (name, port) in self._seen or len(self._seen) > _FAR:
            return
        self._seen.add((name, port))
        graph = self._graph
        for step in graph.once(
            ("steps", name, port), lambda: tuple(dict.fromkeys(_steps(graph, name, port)))
        ):
            if isinstance(step, _On):
                yield from self.after(step.name, step.port, rate=step.given(rate))
            else:
                yield "activation", step.activation
                if step.ends:
                    yield "dropout", step.given(rate)


_PASSED: object = object()  # the rate of the dropout passed so far


class _On(NamedTuple):
    """It goes on behind a node."""

    name: str
    port: int | None = None
    rate: object = _PASSED

    def given(self, rate: object) -> object:
        return rate if self.rate is _PASSED else self.rate


class _Is(NamedTuple):
    """What it is there; whether it `ends`, behind a dropout of some rate."""

    activation: str | None
    ends: bool = True
    rate: object = _PASSED

    def given(self, rate: object) -> object:
        return rate if self.rate is _PASSED else self.rate


def _steps(graph: ForwardPass, name: str, port: int | None) -> Iterator[_On | _Is]:
    """Yields what becomes of a node's output, whichever layer's it is."""
    accounted: frozenset[str] = frozenset()
    if dropout := dropped_out(graph, name):
        behind, found, accounted = dropout
        yield _On(behind, rate=found)
    parts: frozenset[str] = frozenset()
    if made := composed(graph, name, port):
        activation, last, parts = made
        yield _activated(graph, activation, last)
    readers = graph.readers(name, port)
    if not readers:
        yield _Is("end", ends=False)
    for reader in readers:
        if reader.name not in accounted | parts and reader.op not in _BESIDE:
            yield _step(graph, reader, name)


def _step(graph: ForwardPass, reader: Node, name: str) -> _On | _Is:
    if activation := one_op(reader):
        return _activated(graph, activation, reader.name)
    if reader.op == "IdentityN":  # what tf.custom_gradient wraps 1.x's swish in
        return _On(reader.name, reader.inputs.index(name))
    if reader.op in _LOSSES:
        return _Is(_LOSSES[reader.op], ends=False)
    if any(graph.is_other(one) for one in reader.inputs) or reader.op in _PRODUCTS:
        return _Is("linear")
    if reader.op in _SUMS:
        beside = [one for one in reader.inputs if one != name]
        plain = reader.op not in ADDS or not any(map(graph.is_constant, beside))
        return _Is("linear" if plain else None)
    if reader.op in _THROUGH:
        return _On(reader.name)
    normalised = reader.op == "Mul" and any(_scales(graph, one) for one in reader.inputs)
    return _Is("linear" if normalised else None)


def _activated(graph: ForwardPass, activation: str | None, name: str) -> _Is:
    dropout = dropped_out(graph, name)
    return _Is(activation, rate=dropout[1] if dropout else _PASSED)
