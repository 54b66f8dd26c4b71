"""How a graph trains: which optimizer steps on which variable, with which slots and settings."""

from __future__ import annotations

import dataclasses
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint.meta._adafactor_step import adafactor_step
from tf1compat.checkpoint.meta._apply_ops import applied_optimizer, apply_op
from tf1compat.checkpoint.meta._attributes import constant, flag
from tf1compat.checkpoint.meta._conditions import on_a_condition
from tf1compat.checkpoint.meta._expressions import ADDING, Expressions
from tf1compat.checkpoint.meta._facts import described
from tf1compat.checkpoint.meta._graph_at import graph_at
from tf1compat.checkpoint.meta._graph_def import Graph, RawVariable
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._other_changes import other_changes
from tf1compat.checkpoint.meta._plain_adam import decayed_adam_step, row_adam_step, row_descent_step
from tf1compat.checkpoint.meta._step import Step
from tf1compat.checkpoint.meta.gradient_changes import gradient_changes
from tf1compat.checkpoint.meta.scalars import Scalars, Tensor
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import CheckpointError
from tf1compat.names.graph_names import op_name
from tf1compat.names.op_types import SUBTRACTING_OPS, changes_variables

__all__ = ["Step", "TrainingSteps", "read_training_steps"]

_MADE_OF_PLAIN_OPS = (decayed_adam_step, row_adam_step, adafactor_step, row_descent_step)


@dataclasses.dataclass(frozen=True)
class TrainingSteps:
    """How a graph trains.

    Attributes:
      steps: the steps of its optimizers, in graph order.
      scalars: its numbers.
      counter: the op of its global step; "" where the graph names none.
      decays: by a moving average's name, where one minus its decay is.
      counts: of each variable that ops add one to, the names of these ops.
      others: what else changes variables that are stepped on, by these: ops computing a value from
        the one before, such as a decay beside the step, or a constraint.
    """

    steps: tuple[Step, ...]
    scalars: Scalars
    counter: str
    decays: Mapping[str, Tensor]
    counts: Mapping[str, tuple[str, ...]]
    others: Mapping[str, tuple[str, ...]]

    @property
    def clocks(self) -> frozenset[str]:
        """The variables that ops add one to."""
        return frozenset(self.counts)


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
    scalars = Scalars(graph.nodes)
    found = _Reader(graph.nodes, stored)
    steps = found.steps()
    decays = dict(one for node in graph.nodes.values() for one in found.decays(node))
    named = [
        op_name(one.name if isinstance(one, RawVariable) else one)
        for one in graph.collections.get("global_step", ())
    ]
    counter = "".join(named[:1])
    return TrainingSteps(
        tuple(steps.values()), scalars, counter, decays, found.counts(), found.others(steps)
    )


class _Reader:
    """Reads the nodes of a graph."""

    def __init__(self, nodes: Mapping[str, Node], stored: Mapping[str, str]) -> None:
        self._nodes = nodes
        self._read = Expressions(nodes, stored)

    def steps(self) -> dict[str, Step]:
        """Returns the steps of optimizers by the names of their ops."""
        found = {
            node.name: step
            for node in self._nodes.values()
            if changes_variables(node.op) and (step := self._step(node)) is not None
        }
        adapted = any(one.known.get("adapted") for one in found.values())
        return {
            name: dataclasses.replace(
                step,
                # LAMB leaves some variables' steps as BERT's Adam has them
                optimizer="Lamb" if adapted and "adapted" in step.known else step.optimizer,
                on=self._read.variable_op((self._nodes[name].inputs[0], 0)) or "",
                changes=gradient_changes(self._read, step.gradient) if step.gradient else (),
                conditional=on_a_condition(self._nodes, self._nodes[name]),
            )
            for name, step in found.items()
        }

    def _step(self, node: Node) -> Step | None:
        applied = self._applied(node)
        variable = self._read.variable((node.inputs[0], node.ports[0])) if node.inputs else None
        if applied is not None or variable is None:
            return applied
        made = (read(self._read, node, variable) for read in _MADE_OF_PLAIN_OPS)
        return next((step for step in made if step is not None), None)

    def _applied(self, node: Node) -> Step | None:
        """Returns the step that an op of its own is."""
        known = apply_op(node.op)
        if known is None or len(node.inputs) != len(known.inputs):
            return self._unknown(node)
        variables: dict[str, str] = {}
        tensors: dict[str, Tensor] = {}
        for what, tensor in zip(known.inputs, self._read.inputs(node), strict=True):
            if what == "var" or what.isupper():
                variable = self._read.variable(tensor)
                if variable is None:
                    return None
                variables[what.lower()] = variable
            else:
                tensors[what] = tensor
        gradient = tensors.pop("gradient")
        tensors.pop("rows", None)
        looks_ahead = flag(node, "use_nesterov")
        return Step(
            # contrib's Nadam is an attribute of Adam's op
            optimizer="Nadam" if "Adam" in node.op and looks_ahead else known.optimizer,
            variable=variables.pop("var"),
            rows=known.rows,
            slots=variables,
            settings=tensors,
            known={
                "nesterov": looks_ahead,
                "centered": known.optimizer.startswith("Centered"),
                **({"l2_shrinkage": 0.0} if known.optimizer == "Ftrl" else {}),
            },
            gradient=gradient,
        )

    def _unknown(self, node: Node) -> Step | None:
        """Returns the step that an op is of whose inputs nothing is known."""
        optimizer = applied_optimizer(node.op)
        variable = self._read.variable((node.inputs[0], node.ports[0])) if node.inputs else None
        if optimizer is None or variable is None:
            return None
        return Step(optimizer, variable, "Sparse" in node.op, {}, {}, {}, None)

    def decays(self, node: Node) -> Iterator[tuple[str, Tensor]]:
        """Yields the moving average that a node updates: ``avg -= (avg - x) * (1 - decay)``."""
        if node.op not in SUBTRACTING_OPS or len(node.inputs) < 2:
            return
        average = self._read.variable((node.inputs[0], node.ports[0]))
        product = self._nodes[node.inputs[1]]
        if average is not None and product.op == "Mul" and len(product.inputs) == 2:
            yield average, (product.inputs[1], product.ports[1])

    def counts(self) -> dict[str, tuple[str, ...]]:
        """Returns the variables that ops add one to, and the names of these."""
        found: dict[str, list[str]] = defaultdict(list)
        for node in self._nodes.values():
            if changes_variables(node.op) and node.inputs:
                variable = self._read.variable((node.inputs[0], node.ports[0]))
                if variable is not None and self._counts(node, variable):
                    found[variable].append(node.name)
        return {variable: tuple(names) for variable, names in found.items()}

    def _counts(self, node: Node, variable: str) -> bool:
        if len(node.inputs) < 2:
            return False
        value = self._read.inputs(node)[1]
        if node.op in ("AssignAdd", "AssignAddVariableOp"):
            return constant(self._read.at(value)) == (1,)
        # BERT assigns the count and one.
        return node.op in ("Assign", "AssignVariableOp") and any(
            self._read.variable(held) == variable and constant(self._read.at(one)) == (1,)
            for held, one in self._read.pairs(value, *ADDING)
        )

    def others(self, steps: Mapping[str, Step]) -> dict[str, tuple[str, ...]]:
        """Returns what else changes the variables of steps, by these."""
        named: dict[str, set[str]] = defaultdict(set)
        for name, step in steps.items():
            named[step.variable].add(name)
        found = {
            variable: other_changes(self._read, variable, frozenset(names))
            for variable, names in named.items()
        }
        return {variable: some for variable, some in found.items() if some}
