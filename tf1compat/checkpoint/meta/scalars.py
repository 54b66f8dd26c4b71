"""Numbers that a graph computes from constants and from variables of one number alone.

Such are learning rates and their schedules, betas and epsilons. They are computed here, op by op,
for whatever values of the variables: nothing of the graph is run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tf1compat.checkpoint.meta._attributes import constant, is_scalar
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._proto_fields import AttrValue
from tf1compat.checkpoint.meta._scalar_ops import SCALAR_OPS
from tf1compat.checkpoint.stored_types import stored_type
from tf1compat.checkpoint.wire import WireError, fields
from tf1compat.names.op_types import SWITCHING_OPS, VARIABLE_OPS

__all__ = ["COMPUTED_OPS", "Scalars", "UnknownNumberError"]

COMPUTED_OPS = frozenset(SCALAR_OPS)
"""Types of ops that make numbers of numbers."""

_DEEPEST = 300  # ops from a number to its constants; a schedule has dozens
_MOST = 5000  # ops looked at for one number
_MERGES = frozenset({"Merge", "RefMerge"})

Tensor = tuple[str, int]
"""A node's name and the number of an output of it."""


class UnknownNumberError(LookupError):
    """A number depends on something that no file tells, such as what was fed."""


class _UntakenError(Exception):
    """The branch of a condition that isn't taken."""


class Scalars:
    """The single numbers of a graph."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes

    def value(self, tensor: Tensor, variable: Callable[[str], Any]) -> float:
        """Returns what a tensor is.

        Args:
          tensor: which.
          variable: returns the value of a variable by its name, or None.

        Raises:
          UnknownNumberError: it isn't one number, or depends on what isn't known; the message is
            what that is.
        """
        run = _Run(self._nodes, variable)
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(run.value(*tensor, depth=0))
        except _UntakenError:
            raise UnknownNumberError("a branch that isn't taken") from None
        except (WireError, TypeError, ValueError, OverflowError) as error:
            raise UnknownNumberError(f"what can't be computed ({error})") from error
        if found.shape != () or found.dtype.kind not in "fiub":
            raise UnknownNumberError("no single number")
        return float(found)

    def constants(self, tensor: Tensor) -> tuple[float, ...]:
        """Returns the single constants that a tensor is computed from, as far as it is looked."""
        found: dict[float, None] = {}
        pending, seen = [tensor[0]], set[str]()
        while pending and len(seen) < _MOST:
            node = self._nodes[pending.pop()]
            if node.name in seen:
                continue
            seen.add(node.name)
            if node.op == "Const" and is_scalar(node):
                found.update(dict.fromkeys(map(float, constant(node))))
            pending += node.inputs
        return tuple(found)


class _Run:
    """One computation."""

    def __init__(self, nodes: Mapping[str, Node], variable: Callable[[str], Any]) -> None:
        self._nodes = nodes
        self._variable = variable
        self._known: dict[str, Any] = {}
        self._left = _MOST
        self._merging = 0

    def value(self, name: str, port: int, *, depth: int) -> Any:
        node = self._nodes[name]
        if (
            node.op in SWITCHING_OPS
        ):  # its outputs: where the condition is false, and where it is true
            if bool(self._read(node, 1, depth)) != bool(port):
                raise _UntakenError
            return self._read(node, 0, depth)
        if port:
            raise UnknownNumberError(f"output {port} of {name} ({node.op})")
        if self._merging and node.op == "Const":
            self._require_taken(node, depth)
        if name not in self._known:
            self._known[name] = self._made(node, depth)
        return self._known[name]

    def _read(self, node: Node, number: int, depth: int) -> Any:
        if number >= len(node.inputs):
            raise UnknownNumberError(f"{node.name} ({node.op}), which lacks an input")
        return self.value(node.inputs[number], node.ports[number], depth=depth + 1)

    def _made(self, node: Node, depth: int) -> Any:
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise UnknownNumberError(f"more ops than a number takes, at {node.name}")
        if node.op == "Const":
            if not is_scalar(node):
                raise UnknownNumberError(f"{node.name}, no single number")
            return np.asarray((constant(node) or (0,))[0], stored_type(node.dtype).numpy())
        if node.op in VARIABLE_OPS:
            found = self._variable(node.name)
            if found is None:
                raise UnknownNumberError(f"the variable {node.name}")
            return np.asarray(found)
        if node.op in _MERGES:
            return self._merged(node, depth)
        if node.op == "Cast":
            return self._read(node, 0, depth).astype(_target(node))
        if node.op not in SCALAR_OPS or not node.inputs:
            raise UnknownNumberError(f"{node.name} ({node.op})")
        given = [self._read(node, number, depth) for number in range(len(node.inputs))]
        return np.asarray(SCALAR_OPS[node.op](*given))

    def _require_taken(self, node: Node, depth: int) -> None:
        """Asks whether a constant is in the branch of a condition that is taken.

        It reads nothing, so that no switch is before it: the branch is what it waits for. Where no
        branches come together, as within a step that loss scaling takes or not, none is chosen.
        """
        for name in node.controls:
            pivot = self._nodes[name]
            if pivot.op == "Identity" and self._nodes[pivot.inputs[0]].op in SWITCHING_OPS:
                self._read(pivot, 0, depth)

    def _merged(self, node: Node, depth: int) -> Any:
        self._merging += 1
        try:
            for number in range(len(node.inputs)):
                with contextlib.suppress(_UntakenError):
                    return self._read(node, number, depth)
        finally:
            self._merging -= 1
        raise _UntakenError


def _target(node: Node) -> np.dtype:
    for field in fields(node.attributes.get("DstT", b"")):
        if field.number == AttrValue.TYPE:
            return stored_type(field.integer()).numpy()
    raise UnknownNumberError(f"{node.name}, cast to no dtype")
