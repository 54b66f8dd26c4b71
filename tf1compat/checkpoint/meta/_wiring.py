"""A graph's wires: what reads an output, where a value comes from, what a constant holds."""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from tf1compat.checkpoint.meta._attributes import values
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta.ordering import inputs_first
from tf1compat.names.graph_names import in_gradients
from tf1compat.names.op_types import PASSING_OPS, changes_variables, is_aside

__all__ = ["SAME_VALUE", "Output", "Wiring"]

Output = tuple[str, int]

SAME_VALUE = PASSING_OPS | {
    *("Cast", "StopGradient", "Merge", "RefMerge", "Switch", "RefSwitch", "Exit", "RefExit"),
    *("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel"),
    *("CheckNumerics", "PreventGradient", "PlaceholderWithDefault", "Snapshot", "EnsureShape"),
}
"""Ops whose first input comes out as it is, but for its dtype and precision."""

_FAR = 64


class Wiring:
    """The forward pass of a graph.

    Gradients aren't part of it, nor what only changes variables: an optimizer's own arithmetic,
    moving averages.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = nodes
        self._readers: dict[Output, list[tuple[Node, int]]] = defaultdict(list)
        for node in nodes.values():
            if in_gradients(node.name) or is_aside(node.op):
                continue
            for operand, output in enumerate(zip(node.inputs, node.ports, strict=True)):
                self._readers[output].append((node, operand))

    @functools.cached_property
    def _live(self) -> frozenset[str]:
        """Nodes of which something is made that no variable is changed by."""
        order = inputs_first(
            {name: () if n.op == "NextIteration" else n.inputs for name, n in self.nodes.items()}
        )
        read_by: dict[str, list[Node]] = defaultdict(list)
        for (name, _), readers in self._readers.items():
            read_by[name] += [reader for reader, _ in readers]
        live: set[str] = set()
        for name in reversed(order):
            if changes_variables(self.nodes[name].op):
                continue
            reading = read_by.get(name, [])
            if not reading or any(r.name in live or r.op == "NextIteration" for r in reading):
                live.add(name)
        return frozenset(live)

    def readers(self, output: Output) -> Iterator[tuple[Node, int]]:
        """Yields what reads an output in the forward pass, and as which input."""
        return (
            (n, operand) for n, operand in self._readers.get(output, ()) if n.name in self._live
        )

    def read(self, node: Node, operand: int) -> Output:
        """Returns the output that an input is."""
        return node.inputs[operand], node.ports[operand]

    def origin(self, output: Output) -> Node | None:
        """Returns the node whose value it is, back through ops that pass it on."""
        for _ in range(_FAR):
            node = self.nodes.get(output[0])
            if node is None or node.op not in SAME_VALUE or not node.inputs:
                return node
            output = self.read(node, 0)
        return None

    def source(self, node: Node, operand: int) -> Node | None:
        """Returns the node whose value an input is; None where there is none."""
        return self.origin(self.read(node, operand)) if operand < len(node.inputs) else None

    def before(self, node: Node | None, ops: Collection[str]) -> Node | None:
        """Returns the nearest node of another type than `ops`, back through their first inputs."""
        for _ in range(_FAR):
            if node is None or node.op not in ops:
                return node
            node = self.source(node, 0)
        return None

    def numbers(self, node: Node, operand: int) -> tuple[float, ...] | None:
        """Returns the numbers of an input that is a small constant; None for any other."""
        found = self.source(node, operand)
        if found is None or found.op not in ("Pack", "ConcatV2"):
            return None if found is None else values(found)
        # A shape that is put together.
        count = len(found.inputs) - (found.op == "ConcatV2")
        parts = [self.source(found, place) for place in range(count)]
        known = [None if part is None else values(part) for part in parts]
        if any(one is None for one in known):
            return None
        return tuple(number for one in known for number in one or ())

    def integers(self, node: Node, operand: int) -> tuple[int, ...] | None:
        """Returns the same as integers; None too where they aren't."""
        found = self.numbers(node, operand)
        whole = found is not None and all(math.isfinite(number) for number in found)
        return tuple(int(number) for number in found or ()) if whole else None
