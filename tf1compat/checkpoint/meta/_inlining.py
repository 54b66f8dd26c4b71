"""A graph with the functions that it calls in the place of the calls: loops, branches and all.

What reads a variable within a function then reads it like anything else. A body of a loop stands
there once; what it brings back is merged with what the loop began with.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tf1compat.budget import Budget, Meter
from tf1compat.checkpoint.meta._attributes import function
from tf1compat.checkpoint.meta._graph_def import NODES, Graph
from tf1compat.checkpoint.meta._input_counts import require_inputs
from tf1compat.checkpoint.meta._node_def import Function, Node, function_def
from tf1compat.checkpoint.wire import WireError

__all__ = ["inlined"]

# The functions that an op runs, and how many of its inputs aren't theirs.
_CALLS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "PartitionedCall": (("f",), 0),
    "StatefulPartitionedCall": (("f",), 0),
    "While": (("body",), 0),
    "StatelessWhile": (("body",), 0),
    "If": (("then_branch", "else_branch"), 1),
    "StatelessIf": (("then_branch", "else_branch"), 1),
}
_LOOPS = frozenset({"While", "StatelessWhile"})
_DEEP = 16  # calls within calls; functions of TensorFlow can't call themselves, but a file may

_NAMES = Meter("bytes of names of functions' nodes", each=8, least=32 << 20)

Output = tuple[str, int]


def inlined(graph: Graph, budget: Budget) -> Mapping[str, Node]:
    """Returns the nodes by name, with those of called functions under the names of their calls.

    A call that can't be followed stays as it is.

    Raises:
      WireError: an op reads less than ops of its type do, or more.
      BudgetError: with all calls' there are more nodes, or longer names, than the file's size
        warrants.
    """
    nodes: Mapping[str, Node] = graph.nodes
    if graph.library:
        inliner = _Inliner(graph, budget)
        inliner.put(graph.nodes, "", {}, depth=0)
        nodes = inliner.rewired()
    require_inputs(nodes)
    return nodes


class _Inliner:
    def __init__(self, graph: Graph, budget: Budget) -> None:
        self._budget = budget
        self._library = graph.library
        self._functions: dict[str, Function | None] = {}
        self._nodes: dict[str, Node] = {}
        self._instead: dict[Output, Output] = {}  # of an argument or a call, what it is

    def put(
        self, nodes: Mapping[str, Node], prefix: str, given: Mapping[str, Output], *, depth: int
    ) -> None:
        """Adds nodes under a prefix; inputs that are arguments are what is `given` for them."""
        for node in nodes.values():
            pairs = zip(node.inputs, node.ports, strict=True)
            reads = [given[n] if n in given else (prefix + n, port) for n, port in pairs]
            placed = dataclasses.replace(
                node,
                name=prefix + node.name,
                inputs=tuple(name for name, _ in reads),
                ports=tuple(port for _, port in reads),
                controls=(),
            )
            if not self._called(placed, depth):
                self._nodes[placed.name] = placed

    def rewired(self) -> Mapping[str, Node]:
        """Returns all nodes, each reading what stands in the place of a call."""
        return {name: self._rewired(node) for name, node in self._nodes.items()}

    def _rewired(self, node: Node) -> Node:
        reads = [self._end(pair) for pair in zip(node.inputs, node.ports, strict=True)]
        names, ports = tuple(n for n, _ in reads), tuple(p for _, p in reads)
        return dataclasses.replace(node, inputs=names, ports=ports)

    def _end(self, output: Output) -> Output:
        for _ in range(_DEEP):
            if output not in self._instead:
                break
            output = self._instead[output]
        return output

    def _called(self, call: Node, depth: int) -> bool:
        """Puts the functions that an op calls in its place; tells whether it did."""
        keys, others = _CALLS.get(call.op, ((), 0))
        names = [function(call, key) for key in keys] or [call.op]
        if depth >= _DEEP or not all(name in self._library for name in names):
            return False
        bodies = [self._function(name) for name in names]
        inputs = list(zip(call.inputs, call.ports, strict=True))[others:]
        ends: list[list[Output]] = []
        for number, body in enumerate(bodies):
            if body is None:
                return False
            self._budget.spend(NODES, len(body.nodes))
            prefix = f"{call.name}/" if len(bodies) == 1 else f"{call.name}/{keys[number]}/"
            named = sum(1 + len(node.inputs) for node in body.nodes.values())
            self._budget.spend(_NAMES, named * len(prefix))
            given = dict(zip(body.arguments, inputs, strict=False))
            self.put(body.nodes, prefix, given, depth=depth + 1)
            ends.append([given[n] if n in given else (prefix + n, p) for n, p in body.results])
        begun = [inputs] if call.op in _LOOPS else []
        for port, values in enumerate(zip(*ends, *begun, strict=False)):
            self._merge(call, port, values)
        return True

    def _merge(self, call: Node, port: int, values: tuple[Output, ...]) -> None:
        name = f"{call.name}:{port}"
        self._instead[call.name, port] = (name, 0)
        self._nodes[name] = dataclasses.replace(
            call,
            name=name,
            op="Merge" if len(values) > 1 else "Identity",
            inputs=tuple(n for n, _ in values),
            ports=tuple(p for _, p in values),
            controls=(),
            attributes={},
        )

    def _function(self, name: str) -> Function | None:
        if name not in self._functions:
            try:
                self._functions[name] = function_def(self._library[name])
            except (WireError, StopIteration):
                self._functions[name] = None
        return self._functions[name]
