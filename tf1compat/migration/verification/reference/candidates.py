"""Tensors of a v1 graph that may be outputs: what its forward pass computes from its inputs."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from tf1compat.checkpoint.meta.ordering import inputs_first
from tf1compat.migration.verification.reference.cutting import data_inputs
from tf1compat.migration.verification.reference.safe_ops import INPUT_OPS, SAFE_OPS
from tf1compat.names.graph_names import in_gradients, op_name, tensor_name
from tf1compat.names.op_types import VARIABLE_OPS

__all__ = ["forward_ops", "forward_tensors", "is_of_loss", "tensors_of"]

_WITHIN = {"Enter": frozenset(("loop",)), "Switch": frozenset(("branch",))}
_AFTER = {"Exit": frozenset(("loop", "branch")), "Merge": frozenset(("branch",))}
_WITHOUT_OUTPUT = frozenset(("Assert", "NoOp"))
_BRINGING_BACK = frozenset(("NextIteration", "RefNextIteration"))

_Depends = frozenset[str] | None
"""Whether an op's value depends on an "input" and a "variable", and is within a "loop" or "branch";
None if it can't be computed."""


_NUMBERS = {"Split": "num_split", "SplitV": "num_split", "Unpack": "num"}
_TWO = frozenset(("TopK", "TopKV2", "UniqueV2", "Unique"))
# Of a whole cell's op: output and state. Its first outputs are gates that it keeps for gradients.
_RESULTS = {
    "BlockLSTM": (6, 1),
    "BlockLSTMV2": (6, 1),
    "GRUBlockCell": (3,),
    "LSTMBlockCell": (6, 1),
}
# Scopes of 1.15's own losses: what is computed there on the way is no output of a model.
_LOSS = re.compile(
    r"(logistic_loss|log_loss|huber_loss|hinge_loss|mean_squared_error|mean_pairwise_squared_error"
    r"|absolute_difference|cosine_distance_loss|sequence_loss(_by_example)?|(weighted_|sparse_)?(softmax|sigmoid)?_?cross_entropy"
    r"(_with_logits(_sg|_v2)?|_loss)?)(_\d+)?"
)


def forward_tensors(
    graph_def: Any, inputs: Iterable[str], *, allowed: Iterable[str] = ()
) -> list[str]:
    """Returns the tensors of :func:`forward_ops` that may be outputs of a model.

    All outputs of ops that have several, and nothing from within a loss.
    """
    nodes = {node.name: node for node in graph_def.node}
    return [
        tensor
        for name in forward_ops(graph_def, inputs, allowed=allowed)
        if not is_of_loss(name)
        for tensor in tensors_of(nodes[name])
    ]


def tensors_of(node: Any) -> list[str]:
    """Returns the outputs of an op, a `NodeDef`, that may be a model's or a layer's.

    >>> import tensorflow as tf
    >>> tensors_of(tf.compat.v1.NodeDef(name="cell", op="GRUBlockCell"))
    ['cell:3']
    """
    return [f"{node.name}:{port}" for port in _ports(node)]


def is_of_loss(name: str) -> bool:
    """Tells whether an op is on the way to a loss of 1.15's own, by its scopes.

    >>> is_of_loss("softmax_cross_entropy_with_logits/Reshape"), is_of_loss("cost/logits")
    (True, False)
    """
    return any(map(_LOSS.fullmatch, name.split("/")[:-1]))


def _ports(node: Any) -> Sequence[int]:
    """Returns the outputs of an op that may be a model's, as far as its attributes say."""
    if node.op in _RESULTS:
        return _RESULTS[node.op]
    if node.op in _NUMBERS:
        return range(node.attr[_NUMBERS[node.op]].i)
    types = node.attr["T"].list.type if "T" in node.attr else ()  # asking would add it
    return range(2 if node.op in _TWO else max(1, len(types)))


def forward_ops(
    graph_def: Any, inputs: Iterable[str], *, allowed: Iterable[str] = ()
) -> Sequence[str]:
    """Returns the ops that compute with both inputs and variables, harmless ones outside of loops.

    Args:
      graph_def: a ``GraphDef``.
      inputs: names of the tensors that have a value; other placeholders have none.
      allowed: op types that are run beside the harmless ones.

    Returns:
      names of ops, in the graph's order.
    """
    given = frozenset(map(tensor_name, inputs))
    ops = frozenset(map(op_name, given))
    nodes = {node.name: node for node in graph_def.node}
    safe = SAFE_OPS | frozenset(allowed)
    depends: dict[str, _Depends] = {}
    reads = {
        name: () if node.op in _BRINGING_BACK else tuple(map(op_name, data_inputs(node)))
        for name, node in nodes.items()
    }
    order, before = inputs_first(reads), None
    while before != depends:  # what a loop brings back is known once its body is
        before = dict(depends)
        for name in order:
            depends[name] = _depends(nodes[name], depends, given, ops, safe)
    both = frozenset(("input", "variable"))
    return [n for n, node in nodes.items() if depends[n] == both and node.op not in _WITHOUT_OUTPUT]


def _depends(
    node: Any,
    known: Mapping[str, _Depends],
    given: Container[str],
    ops: Container[str],
    safe: Container[str],
) -> _Depends:
    """Returns what an op depends on, where the tensors `given`, which are of `ops`, have values."""
    if node.name in ops:
        return frozenset(("input",))
    if node.op in VARIABLE_OPS:
        return frozenset(("variable",))
    if node.op == "EmptyTensorList":  # a While fills one for its gradients, in whose scope it is
        return frozenset()
    if node.op not in safe or in_gradients(node.name):
        return None
    if node.op in INPUT_OPS and node.op != "PlaceholderWithDefault":
        return None
    found: set[str] = set()
    for one in data_inputs(node):
        if tensor_name(one) in given:
            found.add("input")
            continue
        if (
            op_name(one) in ops
        ):  # of what an input pipeline gives, some may have a value and some none
            return None
        part = known.get(op_name(one), frozenset())  # what a loop brings back is known later
        if part is None:
            return None
        found |= part
    # Within a loop, and in a branch that isn't taken, an op has no value that could be fetched.
    op = node.op.removeprefix("Ref")
    return frozenset(found | _WITHIN.get(op, frozenset())) - _AFTER.get(op, frozenset())
