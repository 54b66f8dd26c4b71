"""What tensors of a graph are computed from, seen through ops that only pass values on."""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint.meta._attributes import constant
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta.scalars import Scalars, Tensor, UnknownNumberError
from tf1compat.names.op_types import (
    CALLING_OPS,
    PASSING_OPS,
    SWITCHING_OPS,
    VARIABLE_OPS,
    changes_variables,
)

__all__ = ["ADDING", "DIVIDING", "SELECTING", "Expressions"]

ADDING = ("Add", "AddV2")
"""Ops that add two tensors."""
DIVIDING = ("RealDiv", "Div")
"""Ops that divide one tensor by another."""
SELECTING = ("Select", "SelectV2")
"""Ops that take elements of one of two tensors."""

_FAR = 20  # ops between a tensor and what it passes on: reads, switches, casts
_NEAR = 1e-6  # of numbers in single precision about 1.0
_LIKE_READS = frozenset({"Cast", "Snapshot", "StopGradient"})


class Expressions:
    """The tensors of a graph.

    Variables go by the names that `stored` has for their ops, or by these.
    """

    def __init__(self, nodes: Mapping[str, Node], stored: Mapping[str, str]) -> None:
        self._nodes = nodes
        self._stored = stored
        self._scalars = Scalars(nodes)
        self._changes: dict[str, list[Node]] = defaultdict(list)
        for node in nodes.values():
            if changes_variables(node.op) and node.inputs and node.op not in CALLING_OPS:
                changed = self.variable((node.inputs[0], node.ports[0]))
                if changed is not None:
                    self._changes[changed].append(node)

    @functools.cached_property
    def _readers(self) -> Mapping[str, list[Node]]:
        found: dict[str, list[Node]] = defaultdict(list)
        for node in self._nodes.values():
            for name in node.inputs:
                found[name].append(node)
        return found

    def readers(self, name: str) -> tuple[Node, ...]:
        """Returns the nodes that read any output of a node, in graph order."""
        return tuple(self._readers.get(name, ()))

    def changes(self, variable: str) -> tuple[Node, ...]:
        """Returns the ops that give a variable other values, in graph order."""
        return tuple(self._changes.get(variable, ()))

    def changes_at(self, tensor: Tensor) -> tuple[Node, ...]:
        """Returns those of the variable that a tensor is; of parts of one, of that part alone."""
        variable, own = self.variable(tensor), self.variable_op(tensor)
        nodes = self.changes(variable) if variable is not None else ()
        return tuple(one for one in nodes if self.variable_op(self.inputs(one)[0]) == own)

    def node(self, tensor: Tensor) -> Node:
        """Returns the node that a tensor is an output of."""
        return self._nodes[tensor[0]]

    @staticmethod
    def inputs(node: Node) -> tuple[Tensor, ...]:
        """Returns what a node reads."""
        return tuple(zip(node.inputs, node.ports, strict=True))

    def at(self, tensor: Tensor) -> Node:
        """Returns the node that makes a tensor, behind those that pass it on."""
        return self._nodes[self.source(tensor)[0]]

    def source(self, tensor: Tensor) -> Tensor:
        """Returns the tensor that a tensor is, through reads, casts and switches."""
        for _ in range(_FAR):
            node = self._nodes[tensor[0]]
            if node.op not in PASSING_OPS | SWITCHING_OPS | _LIKE_READS or not node.inputs:
                break
            tensor = (node.inputs[0], node.ports[0])
        return tensor

    def variable(self, tensor: Tensor) -> str | None:
        """Returns the variable that a tensor is, as it is or as an assignment leaves it."""
        name = self.variable_op(tensor)
        return None if name is None else self._stored.get(name, name)

    def variable_op(self, tensor: Tensor) -> str | None:
        """Returns the name of the op that a variable is; of parts of one, each has its own."""
        node = self.at(tensor)
        for _ in range(_FAR):
            if node.op in VARIABLE_OPS:
                return node.name
            if not changes_variables(node.op) or not node.inputs:
                return None
            node = self.at((node.inputs[0], node.ports[0]))
        return None

    def operands(self, tensor: Tensor, *ops: str) -> tuple[Tensor, ...]:
        """Returns what a tensor is computed from by an op of these types; () if by another."""
        node = self.at(tensor)
        return self.inputs(node) if node.op in ops else ()

    def pairs(self, tensor: Tensor, *ops: str) -> Iterator[tuple[Tensor, Tensor]]:
        """Yields both operands of an op of these types, either first; nothing for other ops."""
        found = self.operands(tensor, *ops)
        if len(found) == 2:
            yield found[0], found[1]
            yield found[1], found[0]

    def same(self, one: Tensor, other: Tensor) -> bool:
        """Tells whether two tensors are one, or the rows of one gradient each added up."""
        one, other = self.source(one), self.source(other)
        rows = [self.operands(each, "UnsortedSegmentSum")[:1] for each in (one, other)]
        if all(rows):
            one, other = (self.source(each[0]) for each in rows)
        return one == other

    def same_number(self, one: Tensor, other: Tensor) -> bool:
        """Tells whether two tensors are one, or constants of one value."""
        told = [constant(self.at(each)) for each in (one, other)]
        return self.source(one) == self.source(other) or (len(told[0]) == 1 and told[0] == told[1])

    def is_number(self, tensor: Tensor) -> bool:
        """Tells whether a tensor is one number, whatever variables it is computed from are."""
        try:
            self._scalars.value(tensor, lambda _: 1.0)
        except UnknownNumberError:
            return False
        return True

    def is_square(self, tensor: Tensor) -> Tensor | None:
        """Returns what a tensor is the square of; None if it is none."""
        if one := self.operands(tensor, "Square"):
            return one[0]
        both = self.operands(tensor, "Mul")
        same = len(both) == 2 and self.same(*both)
        return both[0] if same else None

    def averaged(self, tensor: Tensor) -> tuple[str, Tensor, Tensor] | None:
        """Returns of ``weight * variable + (...) * x`` the variable, the weight and ``x``."""
        for kept, added in self.pairs(tensor, *ADDING):
            for held, weight in self.pairs(kept, "Mul"):
                variable = self.variable(held)
                if variable is None:
                    continue
                for first, second in self.pairs(added, "Mul"):
                    # of both factors the one that isn't computed from the weight
                    if self._is_rest(first, weight):
                        return variable, weight, second
        return None

    def _is_rest(self, tensor: Tensor, weight: Tensor) -> bool:
        """Tells whether a tensor is one minus a weight, or a number of its own."""
        if found := self.operands(tensor, "Sub"):
            return self.source(found[1]) == self.source(weight)
        rest, kept = (constant(self.at(one)) for one in (tensor, weight))
        both = len(rest) == 1 and len(kept) == 1
        return both and math.isclose(rest[0] + kept[0], 1.0, abs_tol=_NEAR)

    def root_mean_square(self, tensor: Tensor) -> Tensor | None:
        """Returns what a tensor is the root mean square of; None if it is none."""
        for root in self.operands(tensor, "Sqrt"):
            for mean in self.operands(root, "Mean")[:1]:
                return self.is_square(mean)
        return None
