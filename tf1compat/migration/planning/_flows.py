"""Data flow of both sides between variables and between weights, where it is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tf1compat.checkpoint import Checkpoint, Meta, read_meta
from tf1compat.checkpoint.meta.branch_joins import Join
from tf1compat.checkpoint.meta.scalars import COMPUTED_OPS
from tf1compat.errors import CheckpointError, CorruptCheckpointError
from tf1compat.files.telling import tell_step
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.planning._kinds import TRAINING_SCALAR
from tf1compat.names.op_types import applies_gradients
from tf1compat.names.reasons import Reason
from tf1compat.names.training_state import companion_reason

__all__ = ["source_graph", "target_flow", "target_joins", "training_scalars"]

_COUNTING_OPS = frozenset({"AssignAdd", "AssignAddVariableOp"})


def source_graph(checkpoint: Checkpoint) -> Meta | None:
    """Returns what the v1 graph of a checkpoint tells; None without a graph.

    Raises:
      CheckpointError: if there is a graph and it can't be read.
    """
    path = checkpoint.graph_path
    if path is None:
        return None
    tell_step("the v1 graph")
    try:
        return read_meta(path)
    except CheckpointError as error:
        raise CorruptCheckpointError(
            f"{error}; move it away to plan without the v1 graph's data flow, and name the "
            f"checkpoint {checkpoint.prefix}"
        ) from error


def training_scalars(graph: Meta) -> dict[str, Reason]:
    """Returns what the graph's forward pass doesn't use, and optimizers or counters do.

    Programs keep a learning rate in a variable without a name, or count their steps in one; and
    give their optimizers names that no name of a slot tells.
    """
    found = {}
    names = {one.name for one in graph.variables}
    for one in graph.variables:
        kinds = one.consumer_op_types
        ops = [op for op in kinds if op in _COUNTING_OPS or applies_gradients(op)]
        if one.trainable or one.name in graph.flow or not kinds:
            continue
        if one.shape == () and (ops or {*kinds} <= COMPUTED_OPS):
            found[one.name] = TRAINING_SCALAR.because(ops=tuple(ops or kinds))
        elif all(map(applies_gradients, kinds)) and one.name.rpartition("/")[0] in names:
            of, _, leaf = one.name.rpartition("/")
            found[one.name] = companion_reason("slot", leaf, of)
    return found


def target_flow(index: ModelIndex) -> Mapping[str, Sequence[str]] | None:
    """Returns, by weight, the weights of the layers that feed its layer; None if unknown.

    What leads back to a layer that is used again is left out, as of the v1 graph.
    """
    by_layer = _by_layer(index)
    producers = index.producers
    if producers is None:
        return None
    return {
        path: [
            p
            for layer in producers[weight.layer_path]
            if (layer, weight.layer_path) not in index.leading_back
            for p in by_layer[layer]
        ]
        for path, weight in index.items()
        if weight.layer_path in producers
    }


def target_joins(index: ModelIndex) -> tuple[Join, ...]:
    """Returns where what layers made comes together, by the weights of these layers."""
    by_layer = _by_layer(index)
    return tuple(
        join._replace(
            parts=tuple(frozenset(w for layer in p for w in by_layer[layer]) for p in join.parts)
        )
        for join in index.joins
    )


def _by_layer(index: ModelIndex) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path, weight in index.items():
        found[weight.layer_path].append(path)
    return found
