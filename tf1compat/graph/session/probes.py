"""Which variables are initialized in a session: probes made once and kept with the graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import tensorflow as tf

from tf1compat.graph.building import kept_with, outermost
from tf1compat.graph.items import GraphItem, require_in_graph
from tf1compat.graph.session.connection import require_session
from tf1compat.graph.types import Tensor
from tf1compat.names.op_types import REFERENCE_VARIABLE_OPS

__all__ = ["build_probes", "initialized_names"]

v1 = tf.compat.v1
_PROBES = "initialization probes"


def initialized_names(session: tf.compat.v1.Session, items: Iterable[GraphItem]) -> frozenset[str]:
    """Returns the names of those variables of `items` that are initialized in `session`.

    On a finalized graph no probe can be added; a variable that has none is then read instead.
    """
    require_session(session)
    variables = [item for item in items if item.kind == "variable"]
    require_in_graph(item.value for item in variables)
    probes = build_probes(session.graph, variables)
    probed = [item for item in variables if item.name in probes]
    answers = session.run([probes[item.name] for item in probed]) if probed else []
    found = {item.name for item, answer in zip(probed, answers, strict=True) if answer}
    rest = [item for item in variables if item.name not in probes]
    return frozenset(found | {item.name for item in rest if _readable(session, item)})


def build_probes(graph: tf.Graph, items: Sequence[GraphItem]) -> dict[str, Tensor]:
    """Returns a boolean tensor for each of `items`, by name; makes those that don't exist yet.

    A resource variable made by ``get_variable`` already has one. On a finalized graph those that
    would have to be made are left out.
    """
    probes: dict[str, Tensor] = kept_with(graph, _PROBES, dict)
    for item in items:
        if item.name not in probes:
            probe = _existing(item)
            if probe is None and not graph.finalized:
                probe = _made(graph, item)
            if probe is not None:
                probes[item.name] = probe
    return {item.name: probes[item.name] for item in items if item.name in probes}


def _existing(item: GraphItem) -> Tensor | None:
    for tensor in item.op.outputs:
        for consumer in tensor.consumers():
            if consumer.type in ("VarIsInitializedOp", "IsVariableInitialized"):
                return consumer.outputs[0]
    return None


def _made(graph: tf.Graph, item: GraphItem) -> Tensor:
    with outermost(graph, "initialized"), v1.device(item.device):
        if item.op_type in REFERENCE_VARIABLE_OPS:
            return tf.raw_ops.IsVariableInitialized(ref=item.op.outputs[0])
        return tf.raw_ops.VarIsInitializedOp(resource=item.value.handle)


def _readable(session: tf.compat.v1.Session, item: GraphItem) -> bool:
    try:
        session.run(item.value.op.outputs[0])
    except tf.errors.FailedPreconditionError:
        return False
    return True
