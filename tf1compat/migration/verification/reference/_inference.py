"""A training graph as it computes when it doesn't train.

Programs often save the graph that trains: its norms use the statistics of the batch, its dropouts
draw. What such a graph computes on new inputs is what the same graph computes with moving
statistics and without dropout, which both can be read off it: a moving average's update says which
variable follows which statistic, and a dropout is a product with a mask that was drawn.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from typing import Any

from tf1compat.migration.verification.reference._protos import behind, number_of, pass_on
from tf1compat.migration.verification.reference._quantization import hold_ranges
from tf1compat.migration.verification.reference.cutting import data_inputs
from tf1compat.names.graph_names import is_of_training, op_name, tensor_name
from tf1compat.names.op_types import (
    PASSING_OPS,
    SUBTRACTING_OPS,
    VARIABLE_OPS,
)

__all__ = ["for_inference"]

_FUSED = frozenset(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"))
_MEAN, _VARIANCE = 3, 4  # inputs of a fused norm that doesn't train; its outputs 1 and 2 if it does
# On the way from a batch's moments to what a variable follows: 1.15 squeezes and may unbias them.
_RESHAPING = frozenset(("Squeeze", "Reshape", "Identity", "Mul", "Cast"))
_UNIFORM = frozenset(("RandomUniform", "StatelessRandomUniform", "StatelessRandomUniformV2"))
_ADDING = frozenset(("Add", "AddV2"))
_CASTING = frozenset(("Cast",))
_NEAR = 16  # ops from a mask back to what draws it
_LONG = 64  # and from a scalar to what it follows from
_FAR = 1000  # ops of one way back, which may be a ring


def for_inference(graph_def: Any) -> tuple[Any, tuple[str, ...]]:
    """Returns the graph with moving statistics for the batch's, without dropout, and what was done.

    Args:
      graph_def: a ``GraphDef``, which isn't changed.

    Returns:
      a graph, and a sentence for each kind of change; the same graph and none if there is none.
    """
    nodes = {node.name: node for node in graph_def.node}
    # A graph without gradients that uses the batch's statistics is meant to, as far as it tells.
    trains = any(is_of_training(node.name, node.op) for node in nodes.values())
    statistics = _statistics(nodes) if trains else {}
    changed = copy.deepcopy(graph_def)
    fused, plain, dropouts, moving = 0, set(), 0, 0
    for node in changed.node:
        if _uses_batch(node):
            fused += _freeze(node, statistics)
        elif (kept := _dropped(node, nodes)) is not None:
            dropouts += pass_on(node, kept)
        elif (read := _biased(node, statistics, nodes)) is not None:
            pass_on(node, read)
        else:
            plain |= _follow(node, statistics, nodes)
            moving += hold_ranges(node, nodes)
    notes = []
    if norms := fused + len(plain):
        notes.append(f"{norms} norms of the graph train: they were run with moving statistics")
    if dropouts:
        notes.append(f"{dropouts} dropouts of the graph were left out")
    if moving:
        notes.append(f"{moving} quantizations of the graph train: their ranges were held")
    return (changed, tuple(notes)) if notes else (graph_def, ())


def _statistics(nodes: Mapping[str, Any]) -> dict[str, str]:
    """Returns, by tensor of a batch's statistic, the tensor that reads what follows it.

    ``AssignSub(V, (V - statistic) * rate)``, as `assign_moving_average` of 1.15 has it. Where that
    starts at zero and is set right for it (`zero_debias`), what is set right.
    """
    found = {}
    unbiased = dict(_unbiased(nodes))
    for node in nodes.values():
        if node.op not in SUBTRACTING_OPS:
            continue
        for step in _named(nodes, node.input[1:2]):
            differences = [one for one in _named(nodes, step.input) if one.op == "Sub"]
            for difference in differences if step.op == "Mul" else ():
                read, statistic = difference.input[:2]
                is_own = _variable(read, nodes) == _variable(node.input[0], nodes) != ""
                if is_own and _is_of_batch(statistic, nodes):
                    found[statistic] = unbiased.get(_variable(read, nodes), read)
    return {statistic: read for statistic, read in found.items() if read}


def _unbiased(nodes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields averages that start at zero with the value of what holds them set right.

    That is assigned ``average / (1 - decay**steps)``; its value is "" where nothing reads it.
    """
    for node in nodes.values():
        if node.op not in ("Assign", "AssignVariableOp") or len(node.input) < 2:
            continue
        for quotient in _named(nodes, node.input[1:2]):
            for update in _named(nodes, quotient.input[:1]) if quotient.op == "RealDiv" else ():
                if update.op in PASSING_OPS:  # reads a resource that was updated before
                    yield _variable(update.name, nodes), _value(node.input[0], nodes)
                elif update.op in SUBTRACTING_OPS:
                    yield _variable(update.input[0], nodes), _value(node.input[0], nodes)


def _value(variable: str, nodes: Mapping[str, Any]) -> str:
    """Returns a tensor that is a variable's value: of a resource one that reads it, or ""."""
    if nodes[op_name(variable)].op != "VarHandleOp":
        return variable
    handle = tensor_name(variable)
    reads = [
        node
        for node in nodes.values()
        if node.op == "ReadVariableOp" and tensor_name(node.input[0]) == handle
    ]
    return min(reads, key=lambda node: len(node.input)).name if reads else ""  # before it changes


def _named(nodes: Mapping[str, Any], tensors: Any) -> list[Any]:
    return [nodes[op_name(one)] for one in tensors if op_name(one) in nodes]


def _variable(tensor: str, nodes: Mapping[str, Any]) -> str:
    """Returns the variable that a tensor is the value of; "" if of none."""
    node = behind(nodes[op_name(tensor)], nodes, PASSING_OPS)
    return node.name if node.op in VARIABLE_OPS else ""


def _is_of_batch(tensor: str, nodes: Mapping[str, Any]) -> bool:
    """Tells whether a tensor is a moment of activations, and no weight that is averaged."""
    node, seen = nodes[op_name(tensor)], set[str]()
    for _ in range(_FAR):
        if node.op not in _RESHAPING:
            return node.op == "Mean" or node.op in _FUSED
        if node.name in seen or _variable(node.name, nodes):
            return False
        seen.add(node.name)
        node = nodes[op_name(node.input[0])]
    return False


def _uses_batch(node: Any) -> bool:
    """Tells whether a fused norm uses the batch's statistics, as it does where nothing is said."""
    if node.op not in _FUSED:
        return False
    return "is_training" not in node.attr or bool(node.attr["is_training"].b)  # not to add it


def _freeze(node: Any, statistics: Mapping[str, str]) -> int:
    """Lets a fused norm use what follows its outputs 1 and 2; returns how many were changed."""
    mean, variance = (statistics.get(f"{node.name}:{output}") for output in (1, 2))
    if mean is None or variance is None:
        return 0
    node.attr["is_training"].b = False
    node.input[_MEAN], node.input[_VARIANCE] = mean, variance
    return 1


def _biased(node: Any, statistics: Mapping[str, str], nodes: Mapping[str, Any]) -> str | None:
    """Returns what follows a batch's variance that an op makes a biased one; None of any other op.

    By ``(n - 1) / n``, as `tf.contrib.quantize` folds norms that train. What follows has no batch.
    """
    if node.op != "Mul" or node.input[0] not in statistics:
        return None
    quotient = nodes[op_name(node.input[1])]
    less = nodes[op_name(quotient.input[0])] if quotient.op == "RealDiv" else quotient
    corrects = (
        less.op == "Sub"
        and less.input[0] == quotient.input[1]
        and number_of(less.input[1], nodes) == 1
    )
    return statistics[node.input[0]] if corrects else None


def _follow(node: Any, statistics: Mapping[str, str], nodes: Mapping[str, Any]) -> set[str]:
    """Lets an op that uses a batch's statistic use what follows it; returns the norms' scopes."""
    found = set()
    for at, tensor in enumerate(node.input):
        read = statistics.get(tensor)
        is_update = node.op == "Sub" and node.input[0] == read
        if read is not None and not is_update and nodes[op_name(tensor)].op not in _FUSED:
            node.input[at] = read
            found.add(_variable(read, nodes).rpartition("/")[0])
    return found


def _dropped(node: Any, nodes: Mapping[str, Any]) -> str | None:
    """Returns what a dropout is applied to; None if the op isn't the end of one.

    ``x / keep * floor(keep + uniform)`` up to 1.12, ``x * scale * cast(uniform >= rate)`` in 1.15,
    ``where(uniform >= rate, x * scale, 0)`` today. What is scaled otherwise, as in stochastic
    depth, is none: without its draws nobody knows what it is.
    """
    if node.op == "Mul":
        orders = [(node.input[0], node.input[1]), (node.input[1], node.input[0])]
    elif node.op in ("Select", "SelectV2") and number_of(node.input[2], nodes) == 0:
        orders = [(node.input[1], node.input[0])]
    else:
        return None
    for scaled, mask in orders:
        keep = _kept(mask, nodes)
        if keep is not None:
            return _unscaled(scaled, keep, nodes)
    return None


def _kept(mask: str, nodes: Mapping[str, Any]) -> _Scalar | None:
    """Returns which part a mask that is drawn keeps; None of what is no such mask."""
    node = behind(nodes[op_name(mask)], nodes, _CASTING)
    if node.op == "GreaterEqual" and _drawn(nodes[op_name(node.input[0])], nodes):
        return _one_minus(_scalar(node.input[1], nodes))
    if node.op == "Floor":
        total = nodes[op_name(node.input[0])]
        for keep, drawn in (total.input[:2], [*total.input[1::-1]]) if total.op in _ADDING else ():
            if _drawn(nodes[op_name(drawn)], nodes):
                return _scalar(keep, nodes)
    return None


def _unscaled(scaled: str, keep: _Scalar, nodes: Mapping[str, Any]) -> str | None:
    """Returns what was divided by the part that is kept; None if nothing was."""
    node = nodes[op_name(scaled)]
    if node.op in ("RealDiv", "Div") and _same(_scalar(node.input[1], nodes), keep):
        return str(node.input[0])
    if node.op == "Mul":
        for x, scale in (node.input[:2], [*node.input[1::-1]]):
            if _same(_inverse(_scalar(scale, nodes)), keep):
                return str(x)
    return None


_Scalar = float | tuple[str, str]
"""A number, or how often a tensor is inverted and subtracted from one: ``("1-", "keep:0")``."""


def _scalar(tensor: str, nodes: Mapping[str, Any], left: int = _LONG) -> _Scalar:
    """Returns a scalar: a number where it is constant, else how it follows from a tensor."""
    node = nodes[op_name(tensor)]
    value = number_of(tensor, nodes)
    if value is not None:
        return value
    if left and node.op in ("Cast", "Identity"):
        return _scalar(node.input[0], nodes, left - 1)
    if left and node.op == "Sub" and number_of(node.input[0], nodes) == 1:
        return _one_minus(_scalar(node.input[1], nodes, left - 1))
    if left and node.op in ("RealDiv", "Div") and number_of(node.input[0], nodes) == 1:
        return _inverse(_scalar(node.input[1], nodes, left - 1))
    if left and node.op in ("Reciprocal", "Inv"):
        return _inverse(_scalar(node.input[0], nodes, left - 1))
    return "", tensor_name(tensor)


def _one_minus(value: _Scalar) -> _Scalar:
    return 1 - value if isinstance(value, float) else _changed("1-", value)


def _inverse(value: _Scalar) -> _Scalar:
    if isinstance(value, float):
        return 1 / value if value else float("inf")
    return _changed("1/", value)


def _changed(how: str, value: tuple[str, str]) -> tuple[str, str]:
    done, tensor = value
    return (done.removeprefix(how) if done.startswith(how) else how + done), tensor


def _same(one: _Scalar, other: _Scalar) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-4)
    return one == other


def _drawn(mask: Any, nodes: Mapping[str, Any]) -> bool:
    waiting, seen = [mask], 0
    while waiting and seen < _NEAR:
        node = waiting.pop(0)
        seen += 1
        if node.op in _UNIFORM:
            return True
        if node.op in ("Cast", "Floor", "GreaterEqual", "Add", "AddV2", "Mul", "Sub", "Identity"):
            waiting += _named(nodes, data_inputs(node))
    return False
