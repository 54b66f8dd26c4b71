"""The graph in a file, read once its soundness is known."""

from __future__ import annotations

import os

from tf1compat.budget import Budget
from tf1compat.checkpoint.meta._graph_def import Graph
from tf1compat.checkpoint.meta._sound_graph import sound_graph
from tf1compat.checkpoint.meta.meta_graph import meta_graph_in
from tf1compat.files.regular import open_regular

__all__ = ["graph_at"]


def graph_at(path: str | os.PathLike[str]) -> tuple[Graph, Budget]:
    """Returns the graph of a ``.meta`` file or a SavedModel, and what more of it may cost.

    Raises:
      CheckpointError, WireError: there is none, or it isn't sound.
    """
    with open_regular(os.fspath(path)) as file:
        budget = Budget(file.path, file.size)
        return sound_graph(meta_graph_in(file).data, budget), budget
