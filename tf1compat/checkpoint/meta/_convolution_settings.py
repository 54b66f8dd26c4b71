"""Strides, padding, dilation and data format of the convolutions that take a variable."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tf1compat.checkpoint.meta._attribute_lists import integers
from tf1compat.checkpoint.meta._attributes import text
from tf1compat.checkpoint.meta._forward_pass import ForwardPass
from tf1compat.checkpoint.meta._node_def import Node

__all__ = ["convolution_settings"]

_CONVOLUTIONS = {
    "Conv2D": 0,
    "Conv3D": 0,
    "DepthwiseConv2dNative": 0,
    "Conv2DBackpropInput": 2,
    "Conv3DBackpropInputV2": 2,
}
"""Ops by the operand that is the image; the kernel is the second one."""
_DEPTHWISE = "DepthwiseConv2dNative"
_MOVED = ("ExpandDims", "Squeeze")  # what makes a signal an image of one row

Found = Iterator[tuple[str, object]]


def convolution_settings(graph: ForwardPass, variables: Collection[str]) -> Found:
    """Yields settings of convolutions whose kernels are made of `variables`: name and value.

    ``None`` as a value tells that one can't be read.
    """
    wanted = set(variables)
    sites = [
        node
        for node in graph.sites(wanted)
        if node.op in _CONVOLUTIONS and wanted.intersection(graph.made_of[node.inputs[1]] or ())
    ]
    # of a separable convolution the first half has them
    depthwise = [node for node in sites if node.op == _DEPTHWISE]
    for node in depthwise or sites:
        yield from _of(graph, node)


def _of(graph: ForwardPass, node: Node) -> Found:
    data_format = text(node, "data_format") or ("NDHWC" if "3D" in node.op else "NHWC")
    yield "data_format", data_format
    yield "strides", _spatial(integers(node, "strides"), data_format)
    rank = len(data_format) - 2
    dilation = _spatial(integers(node, "dilations"), data_format) or (1,) * rank
    before = graph.back(node.inputs[_CONVOLUTIONS[node.op]], through=_MOVED)
    if before is None:
        yield "padding", None
    elif before.op == "SpaceToBatchND":
        yield from _dilated(graph, node, before)
    else:
        yield "dilation", None if _takes_batches_apart(graph, before) else dilation
        yield "padding", _padding(graph, node, before, data_format)


def _takes_batches_apart(graph: ForwardPass, node: Node) -> bool:
    """Tells whether every n-th step was made an example of its own, as WaveNet's programs do."""
    behind = graph.back(node.name, through=("Reshape", *_MOVED)) if node.op == "Reshape" else None
    if behind is None or behind.op != "Transpose":
        return False
    return graph.numbers(behind.inputs[1])[:1] not in ((), (0,))


def _spatial(sizes: tuple, data_format: str) -> tuple | None:  # type: ignore[type-arg]
    """Returns what is said of height and width, of what is said of each dimension."""
    if len(sizes) != len(data_format):
        return None
    return tuple(one for one, axis in zip(sizes, data_format, strict=True) if axis not in "NC")


def _padding(graph: ForwardPass, node: Node, before: Node, data_format: str) -> object:
    """Returns ``"SAME"``, or how much is added before and after each spatial dimension."""
    kind = text(node, "padding")
    padded = before.op in ("Pad", "PadV2", "MirrorPad")
    if kind == "SAME":
        return None if padded else "SAME"
    if kind == "EXPLICIT":
        return (
            None if padded else _spatial(_pairs(integers(node, "explicit_paddings")), data_format)
        )
    if not padded:
        behind = graph.back(before.name, through=("Transpose", "Cast", *_MOVED))
        if behind is not None and behind is not before and behind.op.endswith(("Pad", "PadV2")):
            return None
        return ((0, 0),) * (len(data_format) - 2)
    zeros = before.op == "Pad" or (
        before.op == "PadV2" and not any(graph.numbers(before.inputs[2]))
    )
    if not zeros:
        return None
    return _spatial(_pairs(graph.numbers(before.inputs[1])), data_format)


def _pairs(numbers: tuple[float, ...]) -> tuple[tuple[int, int], ...]:
    whole = [int(one) for one in numbers]
    return tuple(zip(whole[::2], whole[1::2], strict=True)) if len(whole) % 2 == 0 else ()


def _dilated(graph: ForwardPass, node: Node, before: Node) -> Found:
    """Yields the settings of a convolution of every n-th pixel, made by moving pixels to batches.

    1.15 does so for ``rate`` and ``dilation_rate``; what it adds around the image is the padding,
    and what it takes off again afterwards was for the sake of the blocks.
    """
    blocks = tuple(int(one) for one in graph.numbers(before.inputs[1]))
    added = _pairs(graph.numbers(before.inputs[2]))
    crops = [
        _pairs(graph.numbers(reader.inputs[2]))
        for reader in graph.readers(node.name)
        if reader.op == "BatchToSpaceND"
    ]
    rank = len(text(node, "data_format") or "NHWC") - 2
    yield "dilation", (1,) * (rank - len(blocks)) + blocks if blocks else None
    if len(crops) != 1 or not added or len(crops[0]) != len(added):
        yield "padding", None
        return
    kept = tuple((a - c, b - d) for (a, b), (c, d) in zip(added, crops[0], strict=True))
    yield "padding", ((0, 0),) * (rank - len(kept)) + kept
