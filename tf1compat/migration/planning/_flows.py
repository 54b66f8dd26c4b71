"""Data flow of both sides between variables and between weights, where it is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tf1compat.checkpoint import Checkpoint, Meta, read_meta
from tf1compat.errors import CheckpointError, CorruptCheckpointError
from tf1compat.keras3 import ModelIndex

__all__ = ["source_graph", "target_flow"]


def source_graph(checkpoint: Checkpoint) -> Meta | None:
    """Returns what the v1 graph of a checkpoint tells; None without a graph.

    Raises:
      CheckpointError: if there is a graph and it can't be read.
    """
    path = checkpoint.graph_path
    if path is None:
        return None
    try:
        return read_meta(path)
    except CheckpointError as error:
        raise CorruptCheckpointError(
            f"{error}; move it away to plan without the v1 graph's data flow, and name the "
            f"checkpoint {checkpoint.prefix}"
        ) from error


def target_flow(index: ModelIndex) -> Mapping[str, Sequence[str]] | None:
    """Returns, by weight, the weights of the layers that feed its layer; None if unknown."""
    by_layer: dict[str, list[str]] = defaultdict(list)
    for path, weight in index.items():
        by_layer[weight.layer_path].append(path)
    producers = index.producers
    if producers is None:
        return None
    return {
        path: [p for layer in producers[weight.layer_path] for p in by_layer[layer]]
        for path, weight in index.items()
        if weight.layer_path in producers
    }
