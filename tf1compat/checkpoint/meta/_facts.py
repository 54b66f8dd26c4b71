"""What a decoded graph says of its variables, and whether it agrees with itself."""

from __future__ import annotations

import math
from collections import deque

from tf1compat.checkpoint.covering import uncovered
from tf1compat.checkpoint.meta._graph_def import Graph, RawVariable
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.slices import Region
from tf1compat.checkpoint.wire import WireError
from tf1compat.names.cut_parts import cut_part
from tf1compat.names.graph_names import op_name
from tf1compat.names.op_types import PASSING_OPS, REFERENCE_VARIABLE_OPS, VARIABLE_OPS

__all__ = [
    "consumers",
    "described",
    "initializer_ops",
    "require_consistent",
]

_VARIABLE_KEYS = (
    "variables",
    "trainable_variables",
    "local_variables",
    "model_variables",
    "moving_average_variables",
    "metric_variables",
)
# 1.15 writes what these call themselves, such as CudnnLSTM's parameters; no node has the name.
_SAVEABLES = "saveable_objects"
# tf.compat.v1.GraphKeys
_KEYS = (
    *_VARIABLE_KEYS,
    *("activations", "asset_filepaths", "biases", "concatenated_variables", "cond_context"),
    *("eval_step", "global_step", "init_op", "local_init_op", "local_resources", "losses"),
    *("queue_runners", "ready_for_local_init_op", "ready_op", "regularization_losses"),
    *("resources", "saveable_objects", "savers", "summaries", "summary_op", "table_initializer"),
    *("train_op", "trainable_resource_variables", "update_ops", "weights", "while_context"),
)
# ops that keep a variable rather than compute with it
_PLUMBING = frozenset(
    {
        "Assign",
        "AssignVariableOp",
        "IsVariableInitialized",
        "Save",
        "SaveSlices",
        "SaveV2",
        "VarIsInitializedOp",
    }
)
_FAR = 1000  # ops followed for one initial value, which may reach back through a whole graph


def described(graph: Graph) -> dict[str, RawVariable]:
    """Returns the VariableDef of each variable that has one, by the name of its op."""
    members = (one for every in graph.collections.values() for one in every)
    return {op_name(one.name): one for one in members if isinstance(one, RawVariable)}


def consumers(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Returns for each variable the types of the ops that compute with it, in graph order."""
    sources: dict[str, str] = {}  # node -> the node whose value it passes on, or its own name
    found: dict[str, dict[str, None]] = {
        node.name: {} for node in graph.nodes.values() if node.op in VARIABLE_OPS
    }
    for node in graph.nodes.values():
        if node.op not in PASSING_OPS | _PLUMBING:
            for read in node.inputs:
                variable = _source(read, graph, known=sources)
                if variable in found:
                    found[variable][node.op] = None
    return {name: tuple(ops) for name, ops in found.items()}


def _source(name: str, graph: Graph, *, known: dict[str, str]) -> str:
    """Returns the node whose value comes out of `name`, back through reads; fills `known`."""
    passed: list[str] = []
    while name not in known:
        node = graph.nodes[name]
        known[name] = name  # for now: it ends rings, too
        passed.append(name)
        if node.op in PASSING_OPS and node.inputs:
            name = node.inputs[0]
    for one in passed:
        known[one] = known[name]
    return known[name]


def initializer_ops(graph: Graph, variable: Node, *, raw: RawVariable | None) -> tuple[str, ...]:
    """Returns the types of the ops that compute a variable's initial value, nearest first."""
    assign = graph.nodes.get(op_name(raw.initializer)) if raw else None
    start = assign.inputs[1] if assign and len(assign.inputs) > 1 else ""
    pending, seen = deque([start]), {variable.name}
    types: dict[str, None] = {}
    while pending and len(seen) < _FAR:
        node = graph.nodes.get(pending.popleft())
        if node is None or node.name in seen:
            continue
        seen.add(node.name)
        if node.op not in PASSING_OPS:
            types[node.op] = None
        if node.op not in VARIABLE_OPS:
            pending.extend(dict.fromkeys(node.inputs[:_FAR]))
    return tuple(types)


def require_consistent(graph: Graph) -> None:
    """Raises WireError where parts of the graph contradict each other."""
    if not graph.nodes:
        raise WireError("it holds no graph", 0)
    for node in graph.nodes.values():
        if graph.ops and node.op not in graph.ops:
            raise WireError(f"node {node.name!r} has op {node.op!r}, which isn't listed", 0)
        if node.op in VARIABLE_OPS and not (node.dtype and node.has_shape):
            raise WireError(f"variable {node.name!r} has no dtype or no shape", 0)
        for name in (*node.inputs, *node.controls):
            if name not in graph.nodes:
                raise WireError(f"node {node.name!r} reads {name!r}, which isn't there", 0)
    for label, value in graph.saver.items():
        if isinstance(value, str) and op_name(value) not in graph.nodes:
            raise WireError(f"the saver's {label} is {value[:80]!r}, which isn't there", 0)
    raw = described(graph)
    for key, members in graph.collections.items():
        _require_key(key, graph)
        for member in members:
            _require_member(key, member, graph=graph)
            if isinstance(member, RawVariable) and raw[op_name(member.name)] != member:
                raise WireError(f"variable {member.name!r} is described in two ways", 0)
    _require_parts(raw, graph)


def _require_key(key: str, graph: Graph) -> None:
    """A well-known key of which one character was changed would hide a whole collection."""
    for known in _KEYS:
        changed = sum(a != b for a, b in zip(known, key, strict=False))
        if len(known) == len(key) and changed == 1 and known not in graph.collections:
            raise WireError(f"collection {key!r} where {known!r} is missing", 0)


def _require_member(key: str, member: str | RawVariable, *, graph: Graph) -> None:
    if isinstance(member, RawVariable):
        node = graph.nodes.get(op_name(member.name))
        if node is None or node.op not in VARIABLE_OPS:
            raise WireError(f"collection {key!r} has {member.name!r}, which isn't a variable", 0)
        if member.is_resource == (node.op in REFERENCE_VARIABLE_OPS):
            raise WireError(f"variable {member.name!r} is of two kinds", 0)
        for name in (member.initializer, member.initial_value, member.snapshot):
            if name and op_name(name) not in graph.nodes:
                raise WireError(f"variable {member.name!r} needs {name!r}, which isn't there", 0)
    elif member.startswith("<"):
        if key in _VARIABLE_KEYS or key == "global_step":
            raise WireError(f"collection {key!r} has something that isn't a variable", 0)
    elif op_name(member) not in graph.nodes and key != _SAVEABLES:
        raise WireError(f"collection {key!r} has {member[:80]!r}, which isn't there", 0)


def _require_parts(variables: dict[str, RawVariable], graph: Graph) -> None:
    """Checks that the parts of each partitioned variable make it up."""
    parts: dict[str, list[Region]] = {}
    shapes: dict[str, set[tuple[int, ...]]] = {}
    for name, raw in variables.items():
        info = raw.slice_info
        if info is None:
            continue
        if graph.nodes[name].shape not in (None, info.shape):
            raise WireError(f"variable {name!r} has not the shape of its slice, {info.shape}", 0)
        parts.setdefault(info.full_name, []).append(Region(info.offset, info.shape))
        shapes.setdefault(info.full_name, set()).add(info.full_shape)
    for full, regions in parts.items():
        shape, *others = sorted(shapes[full])
        if others:
            raise WireError(f"variable {full!r}: parts of different shapes", 0)
        wrong = uncovered(regions, shape) if math.prod(shape) else ""
        cut = cut_part(full, parts) if wrong else None
        if cut is not None and {*regions} <= {*parts[cut.base]}:
            continue  # the slot of one part, of which 1.15 says the whole variable's shape
        if wrong:
            raise WireError(f"variable {full!r}: {wrong}", 0)
