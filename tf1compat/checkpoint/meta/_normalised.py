"""Kernels that a graph computes of two variables: of v and its norm g, or of w and a vector u."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint.meta._attribute_lists import boolean, integers
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._wiring import SAME_VALUE, Wiring
from tf1compat.names.graph_names import in_gradients
from tf1compat.names.op_types import VARIABLE_OPS

__all__ = ["Normalised", "find_normalised"]

_FAR = 6  # products within each other, each of two factors
_MANY = 400  # ops that sigma is computed by
_NOTHING = 1e-10  # what is added to a norm and doesn't show
_SUMS = frozenset({"Add", "AddV2"})
_PRODUCTS = frozenset({"MatMul", "Conv1D", "Conv2D", "Conv3D"})
_OF_SIGMA = _SUMS | {
    *("MatMul", "Transpose", "Reshape", "Square", "Sum", "Pow", "Sqrt", "Rsqrt", "Maximum", "Mul"),
    *("RealDiv", "Squeeze", "Const", "Pack", "Shape", "StridedSlice"),
}


@dataclasses.dataclass(frozen=True)
class Normalised:
    """A kernel that the graph computes of two variables.

    Attributes:
      kernel: the name of v, or of w.
      other: that of g, or of u.
      layout: how, as a layout's text.
    """

    kernel: str
    other: str
    layout: str


@dataclasses.dataclass(frozen=True)
class _Factor:
    """A variable, the norm of one, or a product with one, as part of a product of all.

    Attributes:
      name: the variable's.
      kind: ``"variable"``, ``"norm"`` or ``"product"``.
      place: along which axis it runs, counted from the end, if along one only; else 0.
      power: 1 or -1.
      rest: of a norm, the axis that isn't summed, what the sum is at least, what is added to it.
    """

    name: str
    kind: str
    place: int
    power: int = 1
    rest: tuple[int, float, float] = (0, 0.0, 0.0)


def find_normalised(nodes: Mapping[str, Node]) -> dict[str, Normalised]:
    """Returns what is normalised in the forward pass, by the kernel's name."""
    finder = _Finder(Wiring(nodes))
    found: dict[str, set[Normalised]] = {}
    for node in nodes.values():
        if node.op in ("Mul", "RealDiv") and not in_gradients(node.name):
            for one in (finder.weight_norm(node), finder.spectral_norm(node)):
                if one is not None:
                    found.setdefault(one.kernel, set()).add(one)
    return {name: some.pop() for name, some in found.items() if len(some) == 1}


@dataclasses.dataclass(frozen=True)
class _Finder:
    wires: Wiring

    def weight_norm(self, node: Node) -> Normalised | None:
        """Returns what a product makes of v, its norm and g, in whatever order."""
        factors = list(self._factors(node, _FAR) or ())
        norm = next((f for f in factors if f.kind == "norm" and f.power == -1), None)
        if len(factors) != 3 or norm is None:
            return None
        axis, least, added = norm.rest
        own = [f for f in factors if f.name == norm.name and f.kind != "norm" and f.power == 1]
        others = [f for f in factors if f.name != norm.name]
        if len(own) != 1 or len(others) != 1:
            return None
        (g,) = others
        behind = own[0].kind == "product"  # its outputs are scaled, which run along the last axis
        if g.kind != "variable" or g.power != 1 or not g.place == norm.place == axis:
            return None
        if behind and axis != -1:
            return None
        layout = f"weight_norm({axis}, {least}, {added})"
        return Normalised(norm.name, g.name, layout)

    def _factors(self, node: Node | None, left: int) -> list[_Factor] | None:
        """Returns the factors of a product; None where any is something else."""
        node = self.wires.before(node, SAME_VALUE)
        if node is None or not left:
            return None
        if node.op in VARIABLE_OPS:
            return [_Factor(node.name, "variable", _place(node.shape or ()))]
        if node.op in ("Mul", "RealDiv"):
            one = self._factors(self.wires.source(node, 0), left - 1)
            other = self._factors(self.wires.source(node, 1), left - 1) if one else None
            if one is None or other is None:
                return None
            return one + (other if node.op == "Mul" else _inverse(other))
        if node.op in ("Rsqrt", "Sqrt", "Pow", "Squeeze"):
            norm = self._squeezed(node) if node.op == "Squeeze" else self._norm(node)
            return None if norm is None else [norm]
        if node.op == "Reshape":
            return self._reshaped(node, left)
        if node.op in _PRODUCTS and not boolean(node, "transpose_b", default=False):
            kernel = self.wires.before(self.wires.source(node, 1), SAME_VALUE)
            if kernel is not None and kernel.op in VARIABLE_OPS:
                return [_Factor(kernel.name, "product", 0)]
        return None

    def _reshaped(self, node: Node, left: int) -> list[_Factor] | None:
        """Returns the factors of a vector that is turned along an axis."""
        found = self._factors(self.wires.source(node, 0), left - 1)
        place = _place(self.wires.integers(node, 1) or ())
        if found is None or not place or not all(factor.place for factor in found):
            return None
        return [dataclasses.replace(factor, place=place) for factor in found]

    def _squeezed(self, node: Node) -> _Factor | None:
        """Returns a norm of one axis: `tf.norm` sums with `keep_dims`, and squeezes then."""
        root = self.wires.source(node, 0)
        norm = None if root is None else self._norm(root)
        if norm is None:
            return None
        rank = len(self.wires.nodes[norm.name].shape or ())
        squeezed = {axis % rank for axis in integers(node, "squeeze_dims")}
        whole = squeezed == set(range(rank)) - {norm.rest[0] % rank}
        return dataclasses.replace(norm, place=-1) if whole else None

    def _norm(self, root: Node) -> _Factor | None:
        if root.op not in ("Rsqrt", "Sqrt", "Pow"):
            return None
        power = self.wires.numbers(root, 1) if root.op == "Pow" else (0.5,)
        if power not in ((0.5,), (-0.5,)):
            return None
        least = added = 0.0
        node = self.wires.source(root, 0)
        for _ in range(3):
            if node is None or node.op not in (*_SUMS, "Maximum"):
                break
            operand = next((i for i in (1, 0) if self.wires.numbers(node, i)), None)
            if operand is None:
                return None
            number = _short((self.wires.numbers(node, operand) or (0.0,))[0])
            if (node.op == "Maximum" and (least or added)) or (node.op != "Maximum" and added):
                return None  # in another order than the layout has it
            least, added = (number, added) if node.op == "Maximum" else (least, number)
            node = self.wires.source(node, 1 - operand)
        squared = self._squared(self.wires.source(node, 0)) if node and node.op == "Sum" else None
        if node is None or squared is None:
            return None
        rank = len(squared.shape or ())
        summed = {axis % rank for axis in self.wires.integers(node, 1) or ()} if rank else set()
        left = [axis - rank for axis in range(rank) if axis not in summed]
        if len(left) != 1:
            return None
        place = left[0] if boolean(node, "keep_dims", default=False) else -1
        sign = -1 if root.op == "Rsqrt" or power == (-0.5,) else 1
        return _Factor(squared.name, "norm", place, sign, (left[0], least, added))

    def _squared(self, node: Node | None) -> Node | None:
        """Returns the variable of which these are the squares."""
        if node is None or node.op not in ("Square", "Mul", "Pow"):
            return None
        one = self.wires.source(node, 0)
        if node.op == "Pow" and self.wires.numbers(node, 1) != (2.0,):
            return None
        if node.op == "Mul" and self.wires.source(node, 1) is not one:
            return None
        return one if one is not None and one.op in VARIABLE_OPS else None

    def spectral_norm(self, node: Node) -> Normalised | None:
        """Returns what dividing w by its largest singular value makes, found from u."""
        w = self._matrix(node, 0)
        if node.op != "RealDiv" or w is None:
            return None
        behind = list(self._behind(self.wires.source(node, 1)))
        variables = {one.name: one for one in behind if one.op in VARIABLE_OPS}
        others = [one for name, one in variables.items() if name != w.name]
        ops = {one.op for one in behind} - VARIABLE_OPS - SAME_VALUE
        if w.name not in variables or len(others) != 1 or not ops <= _OF_SIGMA:
            return None
        products = [one for one in behind if one.op == "MatMul"]
        steps = sum(any(self._matrix(one, i) is w for i in (0, 1)) for one in products) // 2
        small = all(abs(number) <= _NOTHING for one in behind for number in self._added(one))
        if not steps or not small or len(behind) >= _MANY:
            return None
        return Normalised(w.name, others[0].name, f"spectral_norm({steps})")

    def _matrix(self, node: Node, operand: int) -> Node | None:
        found = self.wires.before(
            self.wires.source(node, operand), SAME_VALUE | {"Reshape", "Transpose"}
        )
        return found if found is not None and found.op in VARIABLE_OPS else None

    def _behind(self, node: Node | None) -> Iterator[Node]:
        seen: dict[str, None] = {}
        waiting = [] if node is None else [node]
        while waiting and len(seen) < _MANY:
            one = waiting.pop()
            if one.name in seen:
                continue
            seen[one.name] = None
            yield one
            given = (self.wires.nodes.get(name) for name in one.inputs)
            waiting += [] if one.op in VARIABLE_OPS else [n for n in given if n is not None]

    def _added(self, node: Node) -> Iterator[float]:
        if node.op in (*_SUMS, "Maximum"):
            numbers = [self.wires.numbers(node, operand) for operand in (0, 1)]
            yield from next((n for n in numbers if n), (1.0,))


def _inverse(factors: list[_Factor]) -> list[_Factor]:
    return [dataclasses.replace(factor, power=-factor.power) for factor in factors]


def _place(shape: tuple[int | None, ...]) -> int:
    """Returns the axis that isn't of size 1, counted from the end; 0 where there are several."""
    long = [axis - len(shape) for axis, size in enumerate(shape) if size != 1]
    if len(long) == 1:
        return long[0]
    return -1 if shape and not long else 0


def _short(number: float) -> float:
    """Returns the shortest number of seven digits: 1e-12 of what single precision makes of it."""
    return float(f"{number:.7g}")
