"""Which variables feed which: the data flow of a v1 graph, seen at its variables.

Only the protos of the graph are looked at; nothing is imported and nothing runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta.branch_joins import Join
from tf1compat.checkpoint.meta.ordering import inputs_first
from tf1compat.names.graph_names import in_gradients
from tf1compat.names.op_types import STATISTICS_OPS, VARIABLE_OPS, changes_variables, is_aside
from tf1compat.names.parse import split_part

__all__ = ["DataFlow", "variable_flow"]

_ADDING = frozenset({"Add", "AddV2", "AddN", "Sub"})  # any order of a sum joins the same
_JOINING = frozenset({"Concat", "ConcatV2"})


class DataFlow(NamedTuple):
    """Which variables feed which.

    Attributes:
      feeds: for each variable that the forward pass uses, the variables that feed it directly.
      joins: where what variables made comes together, once each.
    """

    feeds: dict[str, tuple[str, ...]]
    joins: tuple[Join, ...]


def _stands_beside(op: str) -> bool:
    return op == "Const" or is_aside(op) or changes_variables(op)


def variable_flow(nodes: Mapping[str, Node]) -> DataFlow:
    """Returns which variables feed which in the forward pass, and where branches come together.

    A variable is used where an op combines it with an activation (``MatMul``, ``Conv2D``, a norm's
    scale); it is fed by the variables used last on the way there. Gradients, updates, summaries
    and weight decay are left out. Parts of a partitioned variable count as the variable.

    Args:
      nodes: the graph's nodes by name.
    """
    kinds = _classify(nodes)
    return _Flow(nodes, kinds).found()


def _topological(nodes: Mapping[str, Node]) -> list[str]:
    """Returns the nodes after their inputs; a loop is cut at its ``NextIteration``."""
    return inputs_first(
        {name: () if n.op == "NextIteration" else n.inputs for name, n in nodes.items()}
    )


def _classify(nodes: Mapping[str, Node]) -> dict[str, frozenset[str] | None]:
    """Returns, by node: the variables it is a value of, None for an activation; others left out."""
    kinds: dict[str, frozenset[str] | None] = {}
    for name in _topological(nodes):
        node = nodes[name]
        if node.op in VARIABLE_OPS:
            kinds[name] = frozenset({split_part(name)[0]})
            continue
        if _stands_beside(node.op) or in_gradients(name):
            continue
        inputs = node.inputs
        if not inputs or node.op == "NextIteration":
            kinds[name] = None  # a placeholder, a dataset, what a loop brings back
            continue
        known = [kinds[i] for i in inputs if i in kinds]
        if any(kind is None for kind in known):
            kinds[name] = None
        elif known and node.op not in STATISTICS_OPS:
            kinds[name] = frozenset().union(*(k for k in known if k is not None))
    return kinds


class _Flow:
    def __init__(
        self, nodes: Mapping[str, Node], kinds: Mapping[str, frozenset[str] | None]
    ) -> None:
        self._nodes = nodes
        self._kinds = kinds
        self._latest: dict[str, frozenset[str]] = {}

    def found(self) -> DataFlow:
        """Returns the direct producers of every used variable, and the joins."""
        order = [n for n in _topological(self._nodes) if self._kinds.get(n, n) is None]
        self._pass(order)  # the second pass knows what a loop's end brings back to its start
        feeds = self._pass(order)
        direct = {v: tuple(p for p in producers if p != v) for v, producers in feeds.items()}
        return DataFlow(direct, tuple(dict.fromkeys(self._joins(order))))

    def _pass(self, order: Iterable[str]) -> dict[str, dict[str, None]]:
        feeds: dict[str, dict[str, None]] = {}
        for name in order:
            upstream, used = self._sides(self._nodes[name].inputs)
            for variable in used:
                feeds.setdefault(variable, {}).update(dict.fromkeys(sorted(upstream)))
            self._latest[name] = frozenset(used) or upstream
        return feeds

    def _joins(self, order: Iterable[str]) -> Iterator[Join]:
        for name in order:
            node = self._nodes[name]
            if node.op in _ADDING or node.op in _JOINING:
                given = [one for one in node.inputs if self._kinds.get(one, one) is None]
                parts = tuple(self._latest.get(one, frozenset()) for one in given)
                if len(parts) > 1:
                    yield Join(parts, ordered=node.op in _JOINING)

    def _sides(self, inputs: Iterable[str]) -> tuple[frozenset[str], set[str]]:
        upstream: set[str] = set()
        used: set[str] = set()
        for name in inputs:
            kind = self._kinds.get(name, frozenset())
            if kind is None:
                upstream |= self._latest.get(name, frozenset())
            else:
                used |= kind
        return frozenset(upstream), used
