"""Products of attention whose columns are queries, keys and values in one: where each stands.

Or keys and values alone, where the queries come from elsewhere.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence

from tf1compat.checkpoint.meta._attribute_lists import boolean
from tf1compat.checkpoint.meta._attributes import constant, integer, text, values
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.names.op_types import PASSING_OPS, VARIABLE_OPS

__all__ = ["FusedHeads", "find_fused"]

_COUNTS = (3, 2)
_FAR = 24  # ops that are followed from one to another
_MOST_AXES = 254  # of a tensor
_PRODUCTS = frozenset({"MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"})
_MEETINGS = _PRODUCTS | {"Einsum"}
_ADDS = frozenset({"Add", "AddV2", "BiasAdd"})
_SPLITS = frozenset({"Split", "SplitV", "Unpack"})
_PLAIN = PASSING_OPS | {"Mul", "RealDiv", "Cast", "Add", "AddV2", "Sub", "BiasAdd"}
_MOVING = _PLAIN | {"Reshape", "Transpose", "Squeeze", "ExpandDims", "ConcatV2"}
_MASKING = _PLAIN | {"Reshape", "Select", "SelectV2", "Where", "Maximum"}

Dims = tuple[int | None, ...]
_Port = tuple[str, int]


@dataclasses.dataclass(frozen=True)
class FusedHeads:
    """A kernel whose product the graph takes apart into equal parts of its columns.

    Attributes:
      kernel: the variable's name.
      bias: the variable that is added before; ``""`` where none is.
      dims: what the product is reshaped to before, None for a size that isn't a constant; ``()``
        where it isn't.
      axis: the axis that is taken apart, counted from the end (-1 is the last).
      parts: how many they are: 3, or 2 where queries aren't among them.
      order: what they are, in their order: of ``"query"``, ``"key"``, ``"value"``; ``()`` where the
        graph doesn't tell.
    """

    kernel: str
    bias: str
    dims: Dims
    axis: int
    parts: int
    order: tuple[str, ...]

    def groups(self, columns: int) -> int:
        """Returns in how many groups the columns stand, each with all parts; 0 if untold.

        1 where all queries come first, the number of heads where each head has its own three.
        """
        if not self.dims:
            return 1 if self.axis == -1 else 0
        found: list[int] = []
        for size in reversed(self.dims):
            if math.prod(found) == columns:
                break
            if size is None:
                return 0
            found.insert(0, size)
        place = len(found) + self.axis
        return math.prod(found[:place]) if math.prod(found) == columns and place >= 0 else 0


def find_fused(
    nodes: Mapping[str, Node], readers: Mapping[str, Sequence[Node]]
) -> dict[str, FusedHeads]:
    """Returns the fused kernels of a graph by name, given its nodes and who reads each."""
    finder = _Finder(nodes, readers)
    found = {}
    for name in list(readers):
        node = nodes.get(name)
        if node is not None and node.op in _PRODUCTS and len(node.inputs) > 1:
            fused = finder.of_product(node)
            if fused is not None:
                found[fused.kernel] = fused
    return found


@dataclasses.dataclass(frozen=True)
class _State:
    """What a product has become on its way to where it is taken apart."""

    node: str
    bias: str = ""
    dims: Dims = ()
    turns: tuple[int, ...] = ()  # the axes of `dims` in their order now; () before any transpose


@dataclasses.dataclass(frozen=True)
class _Finder:
    nodes: Mapping[str, Node]
    readers: Mapping[str, Sequence[Node]]
    _known: dict[str, Dims] = dataclasses.field(default_factory=dict)  # shapes by name

    def of_product(self, product: Node) -> FusedHeads | None:
        turned = any(boolean(product, one, default=False) for one in ("transpose_b", "adj_y"))
        kernel = "" if turned else self._variable(product.inputs[1])
        state = _State(product.name)
        for _ in range(_FAR if kernel else 0):
            parts = self._taken_apart(state)
            if parts is not None:
                axis, ports = parts
                order = self._order(ports)
                return FusedHeads(kernel, state.bias, state.dims, axis, len(ports), order)
            moved = next(self._moved(state), None)
            if moved is None:
                return None
            state = moved
        return None

    def _variable(self, name: str) -> str:
        for _ in range(_FAR):
            node = self.nodes.get(name)
            if node is None or node.op in VARIABLE_OPS:
                return node.name if node is not None else ""
            # GPT-2 reshapes a kernel of [1, inputs, outputs] before it multiplies, and tensordot,
            # by which dense layers multiply sequences, transposes one by no more than its order.
            moved = node.op in PASSING_OPS | {"Reshape", "Squeeze", "Cast"} or self._stays(node)
            if not moved or not node.inputs:
                return ""
            name = node.inputs[0]
        return ""

    def _stays(self, node: Node) -> bool:
        """Tells whether it is a transpose that leaves every axis where it is."""
        order = values(self.nodes[node.inputs[1]]) if node.op == "Transpose" else None
        return order is not None and order == tuple(range(len(order)))

    def _moved(self, state: _State) -> Iterator[_State]:
        """Yields what becomes of a value next: a bias added, another shape, other axes."""
        for reader in self.readers.get(state.node, ()):
            first = reader.inputs[0] == state.node
            if reader.op in _ADDS and (bias := self._variable(reader.inputs[1 if first else 0])):
                yield dataclasses.replace(state, node=reader.name, bias=bias)
            elif reader.op in PASSING_OPS:
                yield dataclasses.replace(state, node=reader.name)
            elif reader.op == "Reshape" and first and not state.turns:
                dims = self._dims(reader.inputs[1])
                if dims:
                    yield dataclasses.replace(state, node=reader.name, dims=dims)
            elif reader.op == "Transpose" and first and len(state.dims) > 1:
                turns = tuple(int(axis) for axis in constant(self.nodes[reader.inputs[1]]))
                if sorted(turns) == list(range(len(state.dims))):
                    now = tuple(state.turns[axis] for axis in turns) if state.turns else turns
                    yield dataclasses.replace(state, node=reader.name, turns=now)

    def _dims(self, name: str, left: int = _FAR) -> Dims:
        """Returns a shape that is computed, None for each size that isn't a constant."""
        if name not in self._known:
            self._known[name] = self._computed_dims(name, left)
        return self._known[name]

    def _computed_dims(self, name: str, left: int) -> Dims:
        node = self.nodes.get(name)
        if node is None:
            return ()
        if node.op == "Const":
            return tuple(int(size) if size > 0 else None for size in constant(node))
        if node.op == "Pack":
            sizes = (constant(self.nodes[one]) for one in node.inputs)
            return tuple(int(size[0]) if size and size[0] > 0 else None for size in sizes)
        if node.op == "ConcatV2" and left:
            parts = [self._dims(one, left - 1) for one in node.inputs[:-1]]
            few = all(parts) and sum(map(len, parts)) <= _MOST_AXES
            return tuple(size for part in parts for size in part) if few else ()
        if node.op == "GatherV2":
            return (None,) * len(constant(self.nodes[node.inputs[1]]))
        return ()

    def _taken_apart(self, state: _State) -> tuple[int, list[_Port]] | None:
        """Returns the axis along which a value is taken apart and its parts in order."""
        slices: list[tuple[int, int, str]] = []
        for reader in self.readers.get(state.node, ()):
            if reader.op in _SPLITS and (axis := self._split_axis(reader)) is not None:
                place = _from_the_end(axis, state)
                if place is not None:
                    return place, [(reader.name, port) for port in range(_split_count(reader))]
            elif reader.op == "StridedSlice" and reader.inputs[0] == state.node:
                found = self._sliced(reader)
                if found is not None:
                    slices.append((*found, reader.name))
        axes = {axis for axis, _, _ in slices}
        starts = sorted({start for _, start, _ in slices})
        if len(axes) != 1 or len(starts) not in _COUNTS or len(slices) != len(starts):
            return None
        place = _from_the_end(axes.pop(), state)
        even = starts == [number * starts[1] for number in range(len(starts))]
        ports = [(name, 0) for _, _, name in sorted(slices, key=lambda one: one[1])]
        return (place, ports) if even and place is not None else None

    def _split_axis(self, node: Node) -> int | None:
        if _split_count(node) not in _COUNTS:
            return None
        if node.op == "Unpack":
            return integer(node, "axis")
        if node.op == "SplitV" and len(set(constant(self.nodes[node.inputs[1]]))) != 1:
            return None
        axis = constant(self.nodes[node.inputs[0 if node.op == "Split" else 2]])
        return int(axis[0]) if axis else None

    def _sliced(self, node: Node) -> tuple[int, int] | None:
        """Returns the axis of which a slice takes a part, and where the part starts."""
        begin, end, stride = (constant(self.nodes[name]) for name in node.inputs[1:4])
        rank = max(len(begin), len(end), len(stride))
        if not begin or not end or set(stride) != {1.0}:
            return None
        masks = [integer(node, f"{one}_mask") for one in ("begin", "end", "ellipsis", "new_axis")]
        dots = [axis for axis in range(rank) if masks[2] >> axis & 1]
        full = masks[0] & masks[1]
        cut = [axis for axis in range(rank) if not full >> axis & 1 and axis not in dots]
        if len(cut) != 1 or masks[3] or len(dots) > 1:
            return None
        (axis,) = cut
        # A constant of one value repeated holds it once.
        start = 0 if masks[0] >> axis & 1 else int(begin[min(axis, len(begin) - 1)])
        return (axis - rank if dots and dots[0] < axis else axis), start

    def _order(self, ports: Sequence[_Port]) -> tuple[str, ...]:
        """Returns what the parts are by where they meet: a query and a key before a softmax."""
        meets = [self._meeting(port) for port in ports]
        names: list[str] = [""] * len(ports)
        scores = ""
        for place, (name, operand) in enumerate(meets):
            if name and self._is_scored(name):
                names[place] = "key" if operand == self._key_operand(name) else "query"
                scores = name if scores in ("", name) else "several"
        for place, (name, _) in enumerate(meets):
            if not names[place] and self._weighs(scores, name):
                names[place] = "value"
        return tuple(names) if all(names) and len({*names}) == len(names) else ()

    def _key_operand(self, name: str) -> int:
        """Returns the operand along which the last axis of a product runs: the softmax's."""
        node = self.nodes[name]
        if node.op != "Einsum":
            return 1
        given, _, made = text(node, "equation").replace(" ", "").partition("->")
        within = [made[-1:] in operand for operand in given.split(",")]
        return within.index(True) if within.count(True) == 1 else -1

    def _meeting(self, port: _Port) -> tuple[str, int]:
        """Returns the product that a part goes into, and as which operand."""
        reached = [port]
        for _ in range(_FAR):
            found: list[_Port] = []
            for name, number in reached:
                for reader in self.readers.get(name, ()):
                    for operand, given in enumerate(zip(reader.inputs, reader.ports, strict=True)):
                        if given != (name, number):
                            continue
                        if reader.op in _MEETINGS:
                            return reader.name, operand
                        if reader.op in _MOVING:
                            found.append((reader.name, 0))
            reached = list(dict.fromkeys(found))
        return "", 0

    def _is_scored(self, name: str) -> bool:
        """Tells whether a softmax follows, along the last axis, which nothing moves before."""
        return bool(self._softmax_after(name))

    def _softmax_after(self, name: str) -> str:
        reached = [name]
        for _ in range(_FAR):
            after = self._after(reached)
            found = next((one for one in map(self._softmax, after) if one), "")
            if found:
                return found
            reached = [node.name for node in after if node.op in _MASKING]
        return ""

    def _softmax(self, node: Node) -> str:
        """Returns the node that gives a softmax which begins with this one; "" if none does.

        GPT-2 divides ``exp`` by its own sum along the last axis.
        """
        if node.op == "Softmax":
            return node.name
        for reader in self.readers.get(node.name, ()) if node.op == "Exp" else ():
            total = self.nodes.get(reader.inputs[1]) if reader.op == "RealDiv" else None
            if total is not None and total.op == "Sum" and total.inputs[0] == node.name:
                axes = values(self.nodes[total.inputs[1]]) or ()
                if reader.inputs[0] == node.name and axes in ((-1,), (len(node.shape or ()) - 1,)):
                    return reader.name
        return ""

    def _weighs(self, scores: str, name: str) -> bool:
        """Tells whether a product is that of the scores' softmax."""
        reached = [self._softmax_after(scores)] if scores and name else []
        for _ in range(_FAR):
            after = self._after(reached)
            if any(node.name == name for node in after):
                return True
            reached = [node.name for node in after if node.op in _MOVING | _MASKING]
        return False

    def _after(self, names: Sequence[str]) -> list[Node]:
        """Returns what reads any of some values, each node once: ways part and meet again."""
        return list({r.name: r for name in names for r in self.readers.get(name, ())}.values())


def _split_count(node: Node) -> int:
    return integer(node, "num" if node.op == "Unpack" else "num_split")


def _from_the_end(axis: int, state: _State) -> int | None:
    """Returns an axis, of a value as it is, as that of `dims` counted from the end."""
    rank = len(state.dims)
    if state.turns:
        return state.turns[axis] - rank if -rank <= axis < rank else None
    if axis < 0:
        return axis
    return axis - rank if axis < rank else None
