"""Which variables feed which: the data flow of a v1 graph, seen at its variables.

Only the protos of the graph are looked at; nothing is imported and nothing runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tf1compat.budget import Budget
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._variable_sets import NONE, VariableSet, VariableSets
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
      feeds: for each variable that the forward pass uses, the variables that feed it directly;
        where it is used again, but for those that it has fed itself before.
      joins: where what variables made comes together, once each.
    """

    feeds: Mapping[str, tuple[str, ...]]
    joins: tuple[Join, ...]


def _stands_beside(op: str) -> bool:
    return op == "Const" or is_aside(op) or changes_variables(op)


def variable_flow(nodes: Mapping[str, Node], budget: Budget) -> DataFlow:
    """Returns which variables feed which in the forward pass, and where branches come together.

    A variable is used where an op combines it with an activation (``MatMul``, ``Conv2D``, a norm's
    scale); it is fed by the variables used last on the way there. What a layer that is used again
    has fed itself, as the next of equal blocks, leads back: it is left out, as are gradients,
    updates, summaries and weight decay. Parts of a partitioned variable count as the variable.

    Args:
      nodes: the graph's nodes by name.
      budget: that of the file they come from.

    Raises:
      BudgetError: it is made of more than the file's size warrants.
    """
    variables = (split_part(n.name)[0] for n in nodes.values() if n.op in VARIABLE_OPS)
    return _Flow(nodes, VariableSets(variables, budget)).found()


def _topological(nodes: Mapping[str, Node]) -> list[str]:
    """Returns the nodes after their inputs; a loop is cut at its ``NextIteration``."""
    return inputs_first(
        {name: () if n.op == "NextIteration" else n.inputs for name, n in nodes.items()}
    )


def _classify(nodes: Mapping[str, Node], sets: VariableSets) -> dict[str, VariableSet | None]:
    """Returns, by node: the variables it is a value of, None for an activation; others left out."""
    kinds: dict[str, VariableSet | None] = {}
    for name in _topological(nodes):
        node = nodes[name]
        if node.op in VARIABLE_OPS:
            kinds[name] = sets.of(split_part(name)[0])
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
            kinds[name] = sets.union(kind for kind in known if kind is not None)
    return kinds


class Feeds(Mapping[str, tuple[str, ...]]):
    """By variable those that feed it directly, named where they are asked for.

    Of a residual net each variable is fed by all before it; so many names aren't held at once.
    """

    def __init__(self, sets: VariableSets, feeds: Mapping[str, Sequence[VariableSet]]) -> None:
        self._sets = sets
        self._feeds = feeds

    def __getitem__(self, variable: str) -> tuple[str, ...]:
        """Returns the variables that feed one: use after use, sorted."""
        found = (name for some in self._feeds[variable] for name in self._sets.names(some))
        return tuple(name for name in found if name != variable)

    def __iter__(self) -> Iterator[str]:
        """Yields the variables that are used."""
        return iter(self._feeds)

    def __len__(self) -> int:
        """Returns how many are used."""
        return len(self._feeds)


class _Flow:
    def __init__(self, nodes: Mapping[str, Node], sets: VariableSets) -> None:
        self._nodes = nodes
        self._sets = sets
        self._kinds = _classify(nodes, sets)
        self._latest: dict[str, VariableSet] = {}

    def found(self) -> DataFlow:
        """Returns the direct producers of every used variable, and the joins."""
        order = [n for n in _topological(self._nodes) if self._kinds.get(n, NONE) is None]
        self._pass(order)  # the second pass knows what a loop's end brings back to its start
        feeds = self._pass(order)
        return DataFlow(Feeds(self._sets, feeds), tuple(dict.fromkeys(self._joins(order))))

    def _pass(self, order: Iterable[str]) -> dict[str, list[VariableSet]]:
        feeds: dict[str, list[VariableSet]] = {}
        fed: dict[str, VariableSet] = {}
        for name in order:
            upstream, used = self._sides(self._nodes[name].inputs)
            for variable in self._sets.names(used):
                before = fed.get(variable, NONE)
                fresh = upstream - before
                if fresh.bits and variable in fed:
                    fresh = self._leading_on(variable, fresh, feeds)
                feeds.setdefault(variable, []).extend([fresh] if fresh.bits else [])
                fed[variable] = self._sets.union((before, upstream))
            self._latest[name] = used if used.bits else upstream
        return feeds

    def _leading_on(
        self, variable: str, members: VariableSet, feeds: Mapping[str, Sequence[VariableSet]]
    ) -> VariableSet:
        """Returns the members of a set that a variable hasn't fed, directly or not."""
        own = self._sets.of(variable)
        found = NONE
        for name in self._sets.names(members):
            upstream, waiting = self._sets.of(name), [name]
            while waiting:
                for some in feeds.get(waiting.pop(), ()):
                    fresh = some - upstream
                    waiting += self._sets.names(fresh)
                    upstream = self._sets.union((upstream, fresh))
            if (own - upstream).bits:
                found = self._sets.union((found, self._sets.of(name)))
        return found

    def _joins(self, order: Iterable[str]) -> Iterator[Join]:
        for name in order:
            node = self._nodes[name]
            if node.op in _ADDING or node.op in _JOINING:
                given = [one for one in node.inputs if self._kinds.get(one, NONE) is None]
                parts = tuple(self._sets.frozen(self._latest.get(one, NONE)) for one in given)
                if len(parts) > 1:
                    yield Join(parts, ordered=node.op in _JOINING)

    def _sides(self, inputs: Iterable[str]) -> tuple[VariableSet, VariableSet]:
        kinds = [(name, self._kinds.get(name, NONE)) for name in inputs]
        upstream = (self._latest.get(name, NONE) for name, kind in kinds if kind is None)
        used = (kind for _, kind in kinds if kind is not None)
        return self._sets.union(upstream), self._sets.union(used)
