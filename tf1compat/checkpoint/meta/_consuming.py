"""Ops that compute with a value, and what they make of its axes: one function a kind of op."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tf1compat.checkpoint.meta._attributes import flag, integers, number, text
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._wiring import Wiring
from tf1compat.checkpoint.meta.using import (
    CANDIDATE,
    FORGET,
    LSTM_OF_1_15,
    LSTM_OF_KERAS,
    RESET,
    UPDATE,
    Fact,
    Shape,
)

__all__ = ["Consumption", "consumption"]

_FUSED: Mapping[str, Mapping[int, tuple[str, ...]]] = {
    "LSTMBlockCell": {3: LSTM_OF_1_15, 7: LSTM_OF_1_15},
    "BlockLSTM": {4: LSTM_OF_1_15, 8: LSTM_OF_1_15},
    "BlockLSTMV2": {4: LSTM_OF_KERAS, 8: LSTM_OF_KERAS},
    "GRUBlockCell": {2: (RESET, UPDATE), 3: (CANDIDATE,), 4: (RESET, UPDATE), 5: (CANDIDATE,)},
}
"""Cells in one op: by the operand that is a kernel or bias, its gates."""
_FLATTENING = ("Reshape", "ExpandDims", "Squeeze")
_NORMED_BACK = 6  # multiplications between a norm's root and where its vectors come in


class Consumption(NamedTuple):
    """What an op makes of a value: a kind of use, what the value's axes are, and other facts."""

    kind: str
    axes: tuple[str, ...]
    facts: Mapping[str, Fact]
    gates: tuple[str, ...] = ()


def consumption(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption:
    """Returns what an op makes of one of its inputs, which has a shape."""
    found = _CONSUMERS.get(node.op, _other)(wires, node, operand, shape)
    fits = found is not None and (not found.axes or len(found.axes) == len(shape))
    return found if found is not None and fits else Consumption("other", (), {})


def _other(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    return None


def _product(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    key = ("transpose_a", "transpose_b") if node.op == "MatMul" else ("adj_x", "adj_y")
    turned = flag(node, key[operand]) if operand < 2 else False
    axes = ("in", "out") if turned != (operand == 1) else ("out", "in")
    if operand == 1 and _is_one_hot(wires, node):
        axes = ("row", "column") if axes == ("in", "out") else ("column", "row")
        return Consumption("lookup", axes, {})
    return Consumption("product", ("batch",) * (len(shape) - 2) + axes, {})


def _sparse_product(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    axes = ("out", "in") if flag(node, "adjoint_b") else ("in", "out")
    return Consumption("product", axes, {}) if operand == 3 else None


def _is_one_hot(wires: Wiring, node: Node) -> bool:
    found = wires.before(wires.source(node, 0), _FLATTENING)
    return found is not None and found.op == "OneHot"


def _einsum(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    inputs, arrow, result = text(node, "equation").replace(" ", "").partition("->")
    terms = inputs.split(",")
    if not arrow or len(terms) != 2 or "." in terms[operand]:
        return None
    other = terms[1 - operand]

    def axis(letter: str) -> str:
        if letter not in result:
            return "in"
        return "batch" if letter in other else "out"

    return Consumption("product", tuple(axis(letter) for letter in terms[operand]), {})


def _convolution(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    kind, ends, image = {
        "Conv2D": ("convolution", ("in", "out"), 0),
        "Conv3D": ("convolution", ("in", "out"), 0),
        "DepthwiseConv2dNative": ("depthwise", ("in", "multiplier"), 0),
        "Conv2DBackpropInput": ("transposed_convolution", ("out", "in"), 2),
        "Conv3DBackpropInputV2": ("transposed_convolution", ("out", "in"), 2),
    }[node.op]
    if operand != 1:
        return None
    spaces = len(shape) - 2
    first = text(node, "data_format").startswith("NC")
    span = slice(2, None) if first else slice(1, -1)
    facts: dict[str, Fact] = {
        "data_format": "channels_first" if first else "channels_last",
        "strides": integers(node, "strides")[span],
        "dilations": integers(node, "dilations")[span] or (1,) * spaces,
        "padding": text(node, "padding"),
    }
    facts |= _dilated(wires, node, image, spaces)
    return Consumption(kind, (*(f"space{n}" for n in range(spaces)), *ends), facts)


def _dilated(wires: Wiring, node: Node, image: int, spaces: int) -> dict[str, Fact]:
    """Returns what a convolution between ``SpaceToBatchND`` and its inverse is without them."""
    # 1.x has an axis more between, where there is one space axis.
    before = wires.before(wires.source(node, image), _FLATTENING)
    if before is None or before.op != "SpaceToBatchND":
        return {}
    block, padded = wires.integers(before, 1), wires.integers(before, 2)
    if block is None:
        return {"dilations": (), "padding": ""}
    after, output = None, (node.name, 0)
    for _ in range(3):
        after = next((reader for reader, _ in wires.readers(output)), None)
        if after is None or after.op == "BatchToSpaceND":
            break
        output = (after.name, 0)
    cut = wires.integers(after, 2) if after is not None and after.op == "BatchToSpaceND" else None
    known = padded is not None and cut is not None
    block = (1,) * (spaces - len(block)) + block
    padding = "SAME" if sum(padded or ()) > sum(cut or ()) else "VALID"
    return {"dilations": block, "padding": padding if known else ""}


def _lookup(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    axis = wires.integers(node, 2) if node.op == "GatherV2" else (0,)
    if operand != 0 or not axis or not shape:
        return None
    at = axis[0] % len(shape)
    axes = tuple("row" if place == at else "column" for place in range(len(shape)))
    return Consumption("lookup", axes, {})


def _fused_norm(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    kinds = {1: "scale", 2: "offset", 3: "mean", 4: "variance"}
    first = text(node, "data_format").startswith("NC")
    facts: dict[str, Fact] = {
        "data_format": "channels_first" if first else "channels_last",
        "epsilon": _rounded(number(node, "epsilon", default=1e-4)),
    }
    return Consumption(kinds[operand], ("channel",), facts) if operand in kinds else None


def _biased(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    if operand != 1:
        return None
    first = text(node, "data_format") == "NCHW"
    facts: dict[str, Fact] = {"data_format": "channels_first" if first else "channels_last"}
    return Consumption("offset", ("channel",), facts)


def _added(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    """An addition; of a small constant before a root, it is a variance."""
    constant = wires.numbers(node, 1 - operand)
    if node.op != "Sub" and constant is not None and len(constant) == 1:
        rooted = any(reader.op in ("Rsqrt", "Sqrt") for reader, _ in wires.readers((node.name, 0)))
        return _variance(shape, float(constant[0])) if rooted else None
    epsilon = _epsilon(wires, node, 1 - operand)
    if node.op == "Sub" and operand == 1:
        read = [reader for reader, _ in wires.readers((node.name, 0))]
        roots = [_epsilon(wires, reader, place) for reader in read for place in (0, 1)]
        found = next((root for root in roots if root is not None), None)
        if found is None:
            return _vector("offset", shape, {"subtracted": 1})
        return _vector("mean", shape, {"epsilon": found})
    return _vector("offset", shape, {} if epsilon is None else {"epsilon": epsilon})


def _variance(shape: Shape, epsilon: float) -> Consumption:
    return _vector("variance", shape, {"epsilon": _rounded(epsilon)})


def _rooted(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    return _variance(shape, 0.0)


def _multiplied(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    """A multiplication; by what a norm divides by, of its scale, or of the mean it takes off."""
    epsilon = _epsilon(wires, node, 1 - operand)
    facts: dict[str, Fact] = {} if epsilon is None else {"epsilon": epsilon}
    read = list(wires.readers((node.name, 0)))
    taken = read and all(r.op == "Neg" or (r.op == "Sub" and at == 1) for r, at in read)
    return _vector("mean" if facts and taken else "scale", shape, facts)


def _epsilon(wires: Wiring, node: Node, operand: int) -> float | None:
    """Returns what was added under the root that an input has as a factor; None without a root."""
    pending = [wires.source(node, operand)] if operand < len(node.inputs) else []
    for _ in range(_NORMED_BACK):
        found = pending.pop() if pending else None
        if found is None:
            continue
        if found.op in ("Rsqrt", "Sqrt"):
            return _under_root(wires, wires.source(found, 0))
        if found.op in ("Mul", "RealDiv", "Neg", "Reshape", "Maximum"):
            pending += [wires.source(found, place) for place in range(len(found.inputs))]
    return None


def _under_root(wires: Wiring, node: Node | None) -> float:
    places = (0, 1) if node is not None and node.op in ("Add", "AddV2") else ()
    found = [wires.numbers(node, place) for place in places if node is not None]
    return next((_rounded(one[0]) for one in found if one is not None and len(one) == 1), 0.0)


def _rounded(number: float) -> float:
    """Returns a number as its author wrote it, before it became a float32."""
    return float(f"{number:.6g}")


def _vector(kind: str, shape: Shape, facts: Mapping[str, Fact]) -> Consumption:
    """A use by broadcasting; where one axis of several is left, the rest tells the data format."""
    wide = [axis for axis, size in enumerate(shape) if size != 1]
    known = dict(facts)
    if len(shape) == 1 or wide == [len(shape) - 1]:
        known["data_format"] = "channels_last"
    elif len(shape) > 2 and wide == [1] and shape[0] == 1:
        known["data_format"] = "channels_first"
    return Consumption(kind, ("channel",) * len(shape), known)


def _fused(wires: Wiring, node: Node, operand: int, shape: Shape) -> Consumption | None:
    gates = _FUSED[node.op].get(operand)
    if gates is None:
        return None
    facts: dict[str, Fact] = {}
    if len(shape) == 1 and FORGET in gates:
        default = 1.0 if node.op != "BlockLSTMV2" else 0.0
        facts["forget_bias"] = number(node, "forget_bias", default=default)
    axes = ("in", "out") if len(shape) == 2 else ("channel",)
    return Consumption("product" if len(shape) == 2 else "offset", axes, facts, gates)


_CONSUMERS: Mapping[str, Callable[[Wiring, Node, int, Shape], Consumption | None]] = {
    **dict.fromkeys(("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), _product),
    **dict.fromkeys(("Conv2D", "Conv3D", "DepthwiseConv2dNative"), _convolution),
    **dict.fromkeys(("Conv2DBackpropInput", "Conv3DBackpropInputV2"), _convolution),
    **dict.fromkeys(("Gather", "GatherV2", "ResourceGather"), _lookup),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), _fused_norm),
    **dict.fromkeys(("Add", "AddV2", "Sub"), _added),
    **dict.fromkeys(("Rsqrt", "Sqrt"), _rooted),
    **dict.fromkeys(_FUSED, _fused),
    "Einsum": _einsum,
    "SparseTensorDenseMatMul": _sparse_product,
    "BiasAdd": _biased,
    "Mul": _multiplied,
}
