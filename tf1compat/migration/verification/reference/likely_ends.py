"""Tensors that a v1 graph likely gives: what its computing ends in, but for losses.

A training graph goes on from its outputs to losses and metrics. So an op counts as read only by
what computes on from it: not within a loss of 1.15's, nor where it picks the likeliest class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from tf1compat.migration.verification.reference.candidates import forward_ops, is_of_loss
from tf1compat.migration.verification.reference.cutting import data_inputs
from tf1compat.names.graph_names import in_gradients, op_name
from tf1compat.names.op_types import PASSING_OPS, SWITCHING_OPS, VARIABLE_OPS, is_aside

__all__ = ["LikelyEnds", "aside_of"]

_SHAPES = frozenset(("Rank", "Shape", "ShapeN", "Size", "VariableShape"))
_PICKING = frozenset(("ArgMax", "ArgMin", "InTopK", "InTopKV2", "TopK", "TopKV2"))
_MOMENTS = re.compile(r"(^|/)moments(_\d+)?/")  # of `tf.nn.moments`: what a moving average follows
# What a variable passes before an op takes it as a weight.
_MOVED = PASSING_OPS | SWITCHING_OPS | {"Cast", "Concat", "ConcatV2", "Reshape", "Transpose"}
_ENDING = frozenset(("Exit", "RefExit"))
_NUMBER = re.compile(r"_\d+$")
_VERSION = re.compile(r"v\d+$")


class LikelyEnds:
    """What the computing of inputs ends in.

    A loss is the end of all that leads to it, and needs labels; so what ends where one of them has
    no value is an end, too.
    """

    def __init__(self, graph_def: Any, inputs: Sequence[str], *, trained: Any) -> None:
        """Takes a graph.

        Args:
          graph_def: a ``GraphDef``.
          inputs: names of its inputs' tensors.
          trained: the same as it trains: what is read there alone, a dropout's mask, is no end.
        """
        self._graph_def = graph_def
        self._inputs = list(inputs)
        self._flow = _Flow(graph_def, trained)

    def before_labels(self) -> list[str]:
        """Returns the ends, in the graph's order; labels are inputs behind which no weight is."""
        return self._without(n for n in self._inputs if not self._flow.meets_weights(op_name(n)))

    def before_any(self) -> list[str]:
        """Returns the same, where any of the inputs may be labels."""
        return self._without(self._inputs)

    def need_more(self, ends: Iterable[str], others: Iterable[str]) -> bool:
        """Tells whether `others` are computed with weights that no one of `ends` is."""
        known: set[str] = set().union(*(self._flow.weights_of(one)[0] for one in ends))
        return any(not self._flow.weights_of(one)[0] <= known for one in others)

    def _without(self, labels: Iterable[str]) -> list[str]:
        several = labels if len(self._inputs) > 1 else ()
        given = [self._inputs, *([n for n in self._inputs if n != one] for one in several)]
        found = {end for some in given for end in self._flow.ends(self._forward(some))}
        return [node.name for node in self._graph_def.node if node.name in found]

    def _forward(self, given: Sequence[str]) -> Sequence[str]:
        return forward_ops(self._graph_def, given)


def aside_of(graph_def: Any, ends: Iterable[str]) -> list[str]:
    """Returns those of some ends that are left over on the way to others, such as a loop's states.

    They compute with weights that another end computes with too, and with fewer of them (a loop's
    states: not with more), and have the name that their op gets by itself.

    >>> import tensorflow as tf
    >>> with tf.Graph().as_default() as graph:
    ...     x = tf.compat.v1.placeholder(tf.float32, [None, 2], "x")
    ...     hidden = x @ tf.Variable(tf.ones([2, 2]), name="w", use_resource=False)
    ...     early, y = tf.abs(hidden), hidden + tf.Variable(tf.ones([2]), name="b")
    >>> aside_of(graph.as_graph_def(), ["Abs", "add"])
    ['Abs']
    """
    flow = _Flow(graph_def)
    used = {end: flow.weights_of(end) for end in ends}

    def is_aside(end: str, other: str) -> bool:
        (own, ops), (more, others) = used[end], used[other]
        fewer = own < more or (own == more and flow.is_state(end) and not flow.is_state(other))
        return fewer and bool(ops & others)

    return [
        end
        for end in used
        if flow.is_named_by_itself(end) and any(is_aside(end, other) for other in used)
    ]


def _reads(node: Any) -> list[str]:
    return [op_name(one) for one in data_inputs(node)]


class _Flow:
    """What reads what in a graph."""

    def __init__(self, graph_def: Any, *more: Any) -> None:
        """Takes a graph, and more that have other inputs of the same ops."""
        self._nodes = {node.name: node for node in graph_def.node}
        self._reads = {node.name: _reads(node) for node in graph_def.node}
        self._readers: dict[str, list[str]] = {name: [] for name in self._nodes}
        self._read_by_any: dict[str, list[str]] = {name: [] for name in self._nodes}
        for node in (node for one in (graph_def, *more) for node in one.node):
            for read in dict.fromkeys(_reads(node)):
                self._readers.setdefault(read, []).append(node.name)
                self._read_by_any[node.name].append(read)
        self._weights = self._passed_on(VARIABLE_OPS, lambda name: self._op(name) in _MOVED)

    def ends(self, ops: Collection[str]) -> Iterator[str]:
        """Yields those ops that no other leads on from, and that are computed of values."""
        moved = self._of_values()
        own = {name for name in ops if name in moved and self._is_forward(name)}
        going = [n for n in self._nodes if n in own or self._op(n).startswith("Assign")]
        leads: set[str] = set()
        waiting = [name for name in going if self._goes_on(name)]
        while waiting:
            for one in self._read_by_any.get(waiting.pop(), ()):
                if one not in leads:
                    leads.add(one)
                    waiting += [one] if self._goes_on(one) else []
        return (name for name in ops if name in own and name not in leads)

    def meets_weights(self, start: str) -> bool:
        """Tells whether something that follows from an input is computed with weights."""
        seen, waiting = {start}, [start]
        while waiting:
            for name in self._readers.get(waiting.pop(), ()):
                if name in seen or not self._is_forward(name) or is_aside(self._op(name)):
                    continue
                if any(one in self._weights for one in self._reads[name]):
                    return True
                seen.add(name)
                waiting.append(name)
        return False

    def weights_of(self, end: str) -> tuple[set[str], set[str]]:
        """Returns the variables that an op is computed of, and the ops that take these."""
        variables, taking = set(), set()
        seen, waiting = {end}, [end]
        while waiting:
            name = waiting.pop()
            if self._op(name) in VARIABLE_OPS:
                variables.add(name)
            for one in self._reads.get(name, ()):
                if one in self._weights and name not in self._weights:
                    taking.add(name)
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return variables, taking

    def is_state(self, name: str) -> bool:
        """Tells whether an op is what a loop ends with."""
        return self._op(name) in _ENDING

    def is_named_by_itself(self, name: str) -> bool:
        """Tells whether an op is called as its type is, so that nobody gave it a name."""
        leaf = _NUMBER.sub("", name.rpartition("/")[2]).replace("_", "").lower()
        return leaf == _VERSION.sub("", self._op(name).lower())

    def _op(self, name: str) -> str:
        return str(self._nodes[name].op) if name in self._nodes else ""

    def _is_forward(self, name: str) -> bool:
        return not (in_gradients(name) or is_of_loss(name) or _MOMENTS.search(name))

    def _goes_on(self, name: str) -> bool:
        return self._is_forward(name) and self._op(name) not in _PICKING

    def _of_values(self) -> set[str]:
        """Returns the ops that follow from more than sizes of inputs."""
        starts = {n for n in self._nodes if not self._reads[n] and self._op(n) != "Const"}
        return self._passed_on(starts, lambda name: self._op(name) not in _SHAPES)

    def _passed_on(self, starts: Collection[str], passes: Callable[[str], bool]) -> set[str]:
        """Returns ops, or types of ops, with all that follow from them by what passes them on."""
        found: set[str] = set()
        waiting = [n for n in self._nodes if n in starts or self._op(n) in starts]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [one for one in self._readers[name] if passes(one)]
        return found
