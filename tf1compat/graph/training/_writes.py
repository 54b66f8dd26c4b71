"""Which operations write a variable, and what runs whenever they run."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import tensorflow as tf

from tf1compat.names.op_types import PASSING_OPS, SWITCHING_OPS, VARIABLE_OPS, changes_variables

__all__ = ["followers", "writers"]

# `cond` of 1.x hands a branch its own view of a variable.
_PASSING = PASSING_OPS - {"ReadVariableOp"} | SWITCHING_OPS
# How many inputs of an op come before those that its functions get (`If`: the condition).
_BEFORE_ARGUMENTS = {"Case": 1, "If": 1, "StatelessCase": 1, "StatelessIf": 1}


def writers(graph: tf.Graph, variables: Iterable[Any]) -> list[tf.Operation]:
    """Returns the operations of `graph` that write one of `variables`, in order of creation.

    Among them those that do so in a function of theirs: ``cond`` and ``while_loop`` of today.
    """
    owners = {variable.op.name for variable in variables}
    functions = functools.cache(functools.partial(_functions, graph))  # few ops call any
    found = []
    for operation in graph.get_operations():
        places = [at for at, tensor in enumerate(operation.inputs) if _owner(tensor) in owners]
        if not places:
            continue
        written = _writes_at(operation.type, places)
        called = [] if written else _called_by(operation)
        if written or (called and _call_writes(called, operation.type, places, functions())):
            found.append(operation)
    return found


def followers(graph: tf.Graph, operations: Iterable[Any]) -> set[int]:
    """Returns the ids of `operations` and of all that can't run without one of them running."""
    reached = {id(operation) for operation in operations}
    before = -1
    while len(reached) > before:  # once, and once more for what goes around in a loop of 1.x
        before = len(reached)
        for operation in graph.get_operations():
            if id(operation) not in reached and any(id(s) in reached for s in _sources(operation)):
                reached.add(id(operation))
    return reached


def _sources(operation: Any) -> Iterator[Any]:
    yield from (tensor.op for tensor in operation.inputs)
    yield from operation.control_inputs


def _owner(tensor: Any) -> str | None:
    """Returns the name of the variable that `tensor` is itself, not only the value of."""
    if tensor.dtype != tf.resource and not tensor.dtype.name.endswith("_ref"):
        return None
    operation = tensor.op
    while operation.type in _PASSING:
        operation = operation.inputs[0].op
    return operation.name if operation.type in VARIABLE_OPS else None


def _writes_at(op_type: str, places: Collection[int]) -> bool:
    # An assign writes its first input only; an optimizer's op all that are variables.
    return changes_variables(op_type) and ("Apply" in op_type or 0 in places)


def _called_by(operation: Any) -> list[str]:
    names = [attr.name for attr in operation.op_def.attr if "func" in attr.type]
    return [one for name in names for one in _called(operation.node_def.attr[name])]


def _called(attr: Any) -> list[str]:
    return [function.name for function in (attr.list.func or [attr.func]) if function.name]


def _functions(graph: tf.Graph) -> Mapping[str, Any]:
    return {one.signature.name: one for one in graph.as_graph_def().library.function}


def _call_writes(
    called: Iterable[str], op_type: str, places: Iterable[int], functions: Mapping[str, Any]
) -> bool:
    """Returns whether one of the functions `called` writes what an op gets at `places`."""
    before = _BEFORE_ARGUMENTS.get(op_type, 0)
    arguments = [place - before for place in places if place >= before]
    return any(_writes_argument(name, at, functions) for name in called for at in arguments)


def _writes_argument(name: str, place: int, functions: Mapping[str, Any]) -> bool:
    function = functions.get(name)
    if function is None or place >= len(function.signature.input_arg):
        return False
    aliases = {function.signature.input_arg[place].name}
    for node in _in_order(function.node_def):
        places = [at for at, source in enumerate(node.input) if source.split(":")[0] in aliases]
        called = [one for attr in node.attr.values() for one in _called(attr)]
        if places and node.op in _PASSING:
            aliases.add(node.name)
        elif _writes_at(node.op, places) or _call_writes(called, node.op, places, functions):
            return True
    return False


def _in_order(nodes: Iterable[Any]) -> list[Any]:
    """Returns a function's nodes so that what passes a variable on comes first."""
    return sorted(nodes, key=lambda node: node.op not in _PASSING)
