"""Images that a graph makes of units: in which data format a product's outputs become pixels."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tf1compat.checkpoint.meta._attributes import text, values
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._wiring import Wiring
from tf1compat.checkpoint.meta.flat_images import ELEMENTWISE
from tf1compat.names.graph_names import in_gradients
from tf1compat.names.op_types import VARIABLE_OPS

__all__ = ["made_formats"]

_FAR = 64  # ops that are followed from one to another
_NORMS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
# By type of op, its input that is an image.
_TAKING = {
    **dict.fromkeys(("Conv2D", "Conv3D", "DepthwiseConv2dNative", "MaxPool", "AvgPool"), 0),
    **dict.fromkeys(("DepthToSpace", *_NORMS), 0),
    **dict.fromkeys(("ResizeNearestNeighbor", "ResizeBilinear", "ResizeBicubic"), 0),
    **dict.fromkeys(("Conv2DBackpropInput", "Conv3DBackpropInputV2"), 2),
}
_IN_PLACE = ELEMENTWISE.union(_NORMS)


def made_formats(nodes: Mapping[str, Node]) -> dict[str, str]:
    """Returns, by kernel, the data format of the image that its product's outputs become.

    As generators have it: a product, a norm or activation, a reshape to an image. ``"NHWC"`` or
    ``"NCHW"``; ``""`` where one kernel's become both, or an image in another order. A kernel whose
    outputs aren't followed to an image is left out.
    """
    finder = _Finder(Wiring(nodes))
    found: dict[str, set[str]] = {}
    for node in nodes.values():
        if node.op in _TAKING and not in_gradients(node.name):
            for kernel, order in finder.made(node):
                found.setdefault(kernel, set()).add(order)
    return {kernel: orders.pop() if len(orders) == 1 else "" for kernel, orders in found.items()}


@dataclasses.dataclass(frozen=True)
class _Finder:
    wires: Wiring

    def made(self, taking: Node) -> list[tuple[str, str]]:
        """Returns the kernel whose units are the image that an op takes, with the data format."""
        first = text(taking, "data_format").startswith("NC")
        node = self.wires.source(taking, _TAKING[taking.op])
        turns: list[tuple[int, ...]] = []
        for _ in range(_FAR):
            if node is None or node.op == "Reshape":
                break
            if node.op == "Transpose":
                turns.append(self.wires.integers(node, 1) or ())
            elif node.op not in _IN_PLACE:
                return []
            node = self._before(node)
        if node is None or node.op != "Reshape":
            return []
        rank = self._rank(node)
        kernel = self._kernel(node)
        if rank is None or rank < 4 or not kernel:
            return []
        return [(kernel, _order(rank, first, turns))]

    def _rank(self, reshape: Node) -> int | None:
        shape = self.wires.source(reshape, 1)
        if shape is None:
            return None
        known = values(shape)
        return len(known) if known else len(shape.inputs) if shape.op == "Pack" else None

    def _kernel(self, reshape: Node) -> str:
        """Returns the kernel of the product whose outputs are reshaped; "" for none."""
        node = self.wires.source(reshape, 0)
        for _ in range(_FAR):
            if node is None or node.op == "MatMul":
                break
            if node.op not in _IN_PLACE:
                return ""
            node = self._before(node)
        kernel = self.wires.source(node, 1) if node is not None and node.op == "MatMul" else None
        return kernel.name if kernel is not None and kernel.op in VARIABLE_OPS else ""

    def _before(self, node: Node) -> Node | None:
        """Returns what made a value that an op leaves in place: no variable, and no constant."""
        made = (self.wires.source(node, place) for place in range(len(node.inputs)))
        every = [one for one in made if one is not None]
        return next((one for one in every if one.op not in VARIABLE_OPS | {"Const"}), None)


def _order(rank: int, first: bool, turns: list[tuple[int, ...]]) -> str:
    """Returns the data format before the turns, the last of which comes first."""
    last, channels = rank - 1, "channels"
    spaces = [f"space_{i}" for i in range(rank - 2)]
    axes = ["batch", channels, *spaces] if first else ["batch", *spaces, channels]
    for turn in turns:
        if sorted(turn) != list(range(rank)):
            return ""
        before = [""] * rank
        for place, axis in enumerate(turn):
            before[axis] = axes[place]
        axes = before
    if axes[:1] == ["batch"] and [one for one in axes if one.startswith("space")] == spaces:
        return {1: "NCHW", last: "NHWC"}.get(axes.index(channels), "")
    return ""
