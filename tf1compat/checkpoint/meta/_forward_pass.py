"""The forward pass of a v1 graph, seen from its variables: who reads what, and made of which."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any, TypeVar

from tf1compat.checkpoint.meta._attributes import constant
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta.ordering import inputs_first
from tf1compat.names.graph_names import in_gradients, is_of_training
from tf1compat.names.op_types import (
    PASSING_OPS,
    STATISTICS_OPS,
    SUBTRACTING_OPS,
    SWITCHING_OPS,
    VARIABLE_OPS,
    changes_variables,
    is_aside,
)
from tf1compat.names.parse import split_part

__all__ = ["ADDS", "FUSED_NORMS", "ForwardPass"]

ADDS = frozenset({"Add", "AddV2"})
FUSED_NORMS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})

_T = TypeVar("_T")

_NUMBERS = 64  # that a scalar may be
_FAR = 64  # ops that are followed from one to another
_MANY = 64  # variables that one value is made of; more are no layer's, such as a sum of all
_SELECTS = frozenset({"Select", "SelectV2"})
# What is random anew in each run.
_RANDOM = re.compile(r"(Stateless|Stateful)?(Random|Truncated|Multinomial|ParameterizedTrunc)\w*")


class ForwardPass:
    """A graph's nodes without gradients, updates, savers and summaries.

    Attributes:
      nodes: all nodes of the graph by name.
      made_of: by node, the variables that its value is made of with constants alone, None for an
        activation. What is no part of the forward pass is left out.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = nodes
        self._once: dict[Hashable, Any] = {}
        self.made_of = _made_of(nodes)
        aside = _for_updates(nodes)
        self._readers: dict[str, list[Node]] = defaultdict(list)
        self._all: dict[str, list[Node]] = defaultdict(list)
        self._sites: dict[str, dict[str, Node]] = defaultdict(dict)
        self._updates: dict[str, list[Node]] = defaultdict(list)
        for node in nodes.values():
            if node.name in self.made_of:
                for name in dict.fromkeys(node.inputs):
                    self._all[name].append(node)
            if node.op in SUBTRACTING_OPS and not in_gradients(node.name):
                self._updates[self.variable(node.inputs[0])].append(node)
            elif self.made_of.get(node.name, node.name) is None and node.name not in aside:
                for name in dict.fromkeys(node.inputs):
                    self._readers[name].append(node)
                    for variable in self.made_of.get(name) or ():
                        self._sites[variable][node.name] = node

    @property
    def trains(self) -> bool:
        """Whether the graph has gradients, or what applies them."""
        return any(is_of_training(node.name, node.op) for node in self.nodes.values())

    def readers(self, name: str, port: int | None = None) -> list[Node]:
        """Returns the nodes of the forward pass that read a node, or one output of it."""
        return [
            reader
            for reader in self._readers.get(name, ())
            if port is None or (name, port) in zip(reader.inputs, reader.ports, strict=True)
        ]

    def all_readers(self, name: str) -> list[Node]:
        """Returns what reads a node, with what is made of variables alone."""
        return self._all.get(name, [])

    def sites(self, variables: Collection[str]) -> list[Node]:
        """Returns the ops that combine any of `variables` with an activation, in graph order."""
        return list({n: s for v in variables for n, s in self._sites.get(v, {}).items()}.values())

    def updates(self, variable: str) -> list[Node]:
        """Returns the ops that subtract something from a variable."""
        return self._updates.get(variable, [])

    def variable(self, name: str) -> str:
        """Returns the variable whose value a node passes on; ``""`` where it is none's."""
        node = self.back(name)
        return split_part(node.name)[0] if node is not None and node.op in VARIABLE_OPS else ""

    def is_other(self, name: str) -> bool:
        """Tells whether a node's value is made of variables alone."""
        return bool(self.made_of.get(name))

    def is_constant(self, name: str) -> bool:
        """Tells whether a node's value is made of constants alone."""
        return self.made_of.get(name) == frozenset()

    def back(self, name: str, through: Collection[str] = ()) -> Node | None:
        """Returns the nearest node that does more than to pass its first input on."""
        passing = PASSING_OPS.union(through)
        for _ in range(_FAR):
            node = self.nodes.get(name)
            if node is None or node.op not in passing or not node.inputs:
                return node
            name = node.inputs[0]
        return None

    def numbers(self, name: str) -> tuple[float, ...]:
        """Returns the numbers of a constant; () where it is none."""
        node = self.back(name, through=("Cast",))
        return constant(node) if node is not None else ()

    def once(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Returns what `make` returns, made once for a key.

        Whoever looks at what a node is made of, or goes to, meets the same nodes on many ways: a
        few nodes that read each other twice have as many ways as there are numbers.
        """
        if key not in self._once:
            self._once[key] = make()
        found: _T = self._once[key]
        return found

    def possible(self, name: str, depth: int = 8) -> frozenset[float]:
        """Returns the numbers that a scalar may be, by branches of constants; () if unknown."""
        return self.once(("possible", name, depth), lambda: self._possible(name, depth))

    def _possible(self, name: str, depth: int) -> frozenset[float]:
        node = self.back(name, through=SWITCHING_OPS | {"Cast"})
        if node is None or not depth:
            return frozenset()
        if node.op == "Const":
            return frozenset(constant(node)[:1])
        if node.op == "Merge" or node.op in _SELECTS:
            ends = node.inputs if node.op == "Merge" else node.inputs[1:]
            branches = [self.possible(end, depth - 1) for end in dict.fromkeys(ends)]
            found = frozenset().union(*branches) if all(branches) else frozenset()
            return found if len(found) <= _NUMBERS else frozenset()
        if node.op == "Sub":
            first, second = (self.possible(one, depth - 1) for one in node.inputs)
            found = frozenset(a - b for a in first for b in second)
            return found if len(found) <= _NUMBERS else frozenset()
        return frozenset()


def _made_of(nodes: Mapping[str, Node]) -> dict[str, frozenset[str] | None]:
    found: dict[str, frozenset[str] | None] = {}
    order = inputs_first({n: () if o.op == "NextIteration" else o.inputs for n, o in nodes.items()})
    for name in order:
        node = nodes[name]
        if node.op in VARIABLE_OPS:
            found[name] = frozenset({split_part(name)[0]})
        elif node.op == "Const":
            found[name] = frozenset()
        elif not (is_aside(node.op) or changes_variables(node.op)) and not in_gradients(name):
            known = [found[one] for one in _deciding(node) if one in found]
            fresh = not node.inputs or node.op == "NextIteration" or _RANDOM.fullmatch(node.op)
            if fresh or any(one is None for one in known):
                found[name] = None
            elif known and (node.op not in STATISTICS_OPS or not any(known)):
                of = frozenset().union(*(one for one in known if one is not None))
                if len(of) <= _MANY:
                    found[name] = of
    return found


def _for_updates(nodes: Mapping[str, Node]) -> set[str]:
    """Returns the nodes that only lead to updates of variables, such as of moving averages."""
    readers: dict[str, list[str]] = defaultdict(list)
    for node in nodes.values():
        if not in_gradients(node.name):
            for name in node.inputs:
                readers[name].append(node.name)
    found: set[str] = set()
    order = inputs_first({n: () if o.op == "NextIteration" else o.inputs for n, o in nodes.items()})
    for name in reversed(order):
        if changes_variables(nodes[name].op) or (readers[name] and found.issuperset(readers[name])):
            found.add(name)
    return found


def _deciding(node: Node) -> tuple[str, ...]:
    """Returns the inputs whose value comes out, without what only decides which."""
    if node.op in SWITCHING_OPS:
        return node.inputs[:1]
    return node.inputs[1:] if node.op in _SELECTS else node.inputs
