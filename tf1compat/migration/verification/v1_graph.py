"""The v1 graph itself as the reference: run from ``.meta`` and checkpoint in a v1 session."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from tf1compat.checkpoint import open_checkpoint
from tf1compat.migration.verification.outputs import Recording
from tf1compat.migration.verification.reference.graph_file import graph_beside, read_graph
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph
from tf1compat.migration.verification.reference.signatures import Signature

__all__ = ["record_graph"]


def record_graph(
    prefix: str | os.PathLike[str],
    *,
    inputs: Mapping[str, np.ndarray],
    outputs: Sequence[str],
    meta: str | os.PathLike[str] | None = None,
) -> Recording:
    """Runs the v1 graph of a checkpoint and returns what it computes.

    Only the part of it that the outputs need is imported from the ``.meta`` file and run, with the
    checkpoint's values, in inference mode: norms use moving statistics and nothing is dropped out,
    which a graph that trains is changed to do. Only ops that compute and do nothing else are run.

    Args:
      prefix: the checkpoint's prefix.
      inputs: arrays by tensor name (``"x:0"``; ``"x"`` means ``"x:0"``), or by what the graph's
        signature (``serving_default``, or the only one) calls them.
      outputs: tensor names, or the same.
      meta: the ``.meta`` file, or a SavedModel's ``saved_model.pb``; by default the one that
        belongs to the checkpoint.

    Raises:
      UsageError: if the graph can't be imported or run, or has no tensor of a given name.
      CheckpointError: if the checkpoint can't be read.
    """
    checkpoint = open_checkpoint(prefix)
    graph = graph_beside(checkpoint) if meta is None else read_graph(meta)
    signature = graph.signature() or Signature({}, {})
    names = {name: graph.tensor(name, signature.outputs) for name in outputs}
    feeds = {graph.tensor(name, signature.inputs): value for name, value in inputs.items()}
    reference = ReferenceGraph(graph, list(names.values()), fed=feeds)
    found = reference.run(feeds, reference.values(checkpoint))
    return Recording(dict(inputs), {name: found[tensor] for name, tensor in names.items()})
