"""How a graph trains: which optimizer steps on which variable, with which slots and settings."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint.meta._apply_ops import apply_op
from tf1compat.checkpoint.meta._attributes import flag
from tf1compat.checkpoint.meta._facts import described
from tf1compat.checkpoint.meta._graph_at import graph_at
from tf1compat.checkpoint.meta._graph_def import Graph, RawVariable
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta.scalars import Scalars, Tensor
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import CheckpointError
from tf1compat.names.graph_names import op_name
from tf1compat.names.op_types import SUBTRACTING_OPS, VARIABLE_OPS

__all__ = ["Step", "TrainingSteps", "read_training_steps"]

_FAR = 20  # ops between a variable and the op that steps on it: reads, switches, loops
_LEADING = frozenset({"Enter", "Identity", "ReadVariableOp", "RefEnter", "RefIdentity"})
_SWITCHING = frozenset({"RefSwitch", "Switch"})


@dataclasses.dataclass(frozen=True)
class Step:
    """An optimizer's step on one variable; variables go by the checkpoint's names.

    Attributes:
      optimizer: type of the op, such as ``"CenteredRMSProp"``.
      variable: what it steps on.
      rows: whether on a few rows alone.
      slots: the variable's slots, by what the op calls them, in small letters.
      settings: where its settings are, the learning rate (``rate``) among them.
      nesterov: whether it looks ahead.
    """

    optimizer: str
    variable: str
    rows: bool
    slots: Mapping[str, str]
    settings: Mapping[str, Tensor]
    nesterov: bool


@dataclasses.dataclass(frozen=True)
class TrainingSteps:
    """How a graph trains.

    Attributes:
      steps: the steps of its optimizers, in graph order.
      scalars: its numbers.
      counter: the op of its global step; "" where the graph names none.
      decays: by a moving average's name, where one minus its decay is.
    """

    steps: tuple[Step, ...]
    scalars: Scalars
    counter: str
    decays: Mapping[str, Tensor]


def read_training_steps(path: str | os.PathLike[str]) -> TrainingSteps | None:
    """Returns how the graph in a ``.meta`` file or a SavedModel trains.

    None where it is no sound one, which :func:`tf1compat.checkpoint.read_meta` tells of.
    """
    try:
        return _training_steps(graph_at(path).graph)
    except (WireError, CheckpointError):
        return None


def _training_steps(graph: Graph) -> TrainingSteps:
    raw = described(graph)
    stored = {
        name: one.slice_info.full_name for name, one in raw.items() if one.slice_info is not None
    }
    found = _Reader(graph.nodes, stored)
    steps = tuple(step for node in graph.nodes.values() for step in found.steps(node))
    decays = dict(one for node in graph.nodes.values() for one in found.decays(node))
    named = [
        op_name(one.name if isinstance(one, RawVariable) else one)
        for one in graph.collections.get("global_step", ())
    ]
    return TrainingSteps(steps, Scalars(graph.nodes), "".join(named[:1]), decays)


class _Reader:
    """Reads the nodes of a graph."""

    def __init__(self, nodes: Mapping[str, Node], stored: Mapping[str, str]) -> None:
        self._nodes = nodes
        self._stored = stored

    def steps(self, node: Node) -> Iterator[Step]:
        """Yields the step that a node is."""
        known = apply_op(node.op)
        if known is None or len(node.inputs) != len(known.inputs):
            return
        variables, settings = {}, {}
        for what, name, port in zip(known.inputs, node.inputs, node.ports, strict=True):
            if what == "var" or what.isupper():
                variable = self._variable(name)
                if variable is None:
                    return
                variables[what.lower()] = variable
            elif what not in ("gradient", "rows"):
                settings[what] = (name, port)
        of = variables.pop("var")
        yield Step(known.optimizer, of, known.rows, variables, settings, flag(node, "use_nesterov"))

    def decays(self, node: Node) -> Iterator[tuple[str, Tensor]]:
        """Yields the moving average that a node updates: ``avg -= (avg - x) * (1 - decay)``."""
        if node.op not in SUBTRACTING_OPS or len(node.inputs) < 2:
            return
        average, product = self._variable(node.inputs[0]), self._nodes[node.inputs[1]]
        if average is not None and product.op == "Mul" and len(product.inputs) == 2:
            yield average, (product.inputs[1], product.ports[1])

    def _variable(self, name: str) -> str | None:
        """Returns what the checkpoint calls the variable that a node is, or passes on."""
        for _ in range(_FAR):
            node = self._nodes[name]
            if node.op in VARIABLE_OPS:
                return self._stored.get(name, name)
            if node.op not in _LEADING | _SWITCHING or not node.inputs:
                return None
            name = node.inputs[0]
        return None
