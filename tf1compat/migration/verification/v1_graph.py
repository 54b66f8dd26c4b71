"""The v1 graph itself as the reference: run from ``.meta`` and checkpoint in a v1 session."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.errors import UsageError
from tf1compat.migration.verification.outputs import Recording

__all__ = ["record_graph"]


def record_graph(
    prefix: str | os.PathLike[str],
    *,
    inputs: Mapping[str, np.ndarray],
    outputs: Sequence[str],
    meta: str | os.PathLike[str] | None = None,
) -> Recording:
    """Runs the v1 graph of a checkpoint and returns what it computes.

    The graph is imported from the ``.meta`` file into a graph of its own and the variables are
    restored by its own Saver, in a ``tf.compat.v1.Session``. Unlike reading a ``.meta`` file, this
    executes the graph, so it is for files you trust.

    Args:
      prefix: the checkpoint's prefix.
      inputs: arrays by tensor name (``"x:0"``; ``"x"`` means ``"x:0"``).
      outputs: tensor names.
      meta: the ``.meta`` file; by default ``PREFIX.meta``.

    Raises:
      UsageError: if the graph can't be imported or restored, or has no tensor of a given name.
    """
    path = os.fspath(meta) if meta is not None else f"{os.fspath(prefix)}.meta"

    def named_outputs(graph: Any, _feeds: Mapping[Any, np.ndarray]) -> dict[str, Any]:
        return {name: graph_tensor(graph, name, path) for name in outputs}

    values = run_graph(prefix, path, inputs=inputs, choose=named_outputs)
    return Recording(dict(inputs), {name: np.asarray(value) for name, value in values.items()})


def run_graph(
    prefix: str | os.PathLike[str],
    path: str,
    *,
    inputs: Mapping[str, np.ndarray],
    choose: Callable[[Any, Mapping[Any, np.ndarray]], dict[str, Any]],
) -> dict[str, Any]:
    """Imports the graph of `path`, restores `prefix` and runs the tensors that `choose` picks.

    Args:
      prefix: the checkpoint's prefix.
      path: the ``.meta`` file.
      inputs: arrays by tensor name.
      choose: is given the graph and the values by input tensor; returns what to fetch.

    Raises:
      UsageError: as :func:`record_graph`.
    """
    import tensorflow as tf  # only this check runs a graph

    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session(graph=graph) as session:
        try:
            saver = tf.compat.v1.train.import_meta_graph(path, clear_devices=True)
        except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
            raise UsageError(f"{path}: expected a graph to import, found {error}") from error
        feeds = {graph_tensor(graph, name, path): value for name, value in inputs.items()}
        fetches = choose(graph, feeds)
        try:
            if saver is not None:
                saver.restore(session, os.fspath(prefix))
            return session.run(fetches, feeds)
        except (ValueError, TypeError, tf.errors.OpError) as error:
            first = str(error).splitlines()[0]
            raise UsageError(f"{path}: the v1 graph didn't run: {first}") from error


def graph_tensor(graph: Any, name: str, path: str) -> Any:
    """Returns the tensor of that name, ``:0`` understood; UsageError with the nearest, if none."""
    full = name if ":" in name else f"{name}:0"
    try:
        return graph.get_tensor_by_name(full)
    except (KeyError, ValueError):
        from tf1compat.names import nearest_names

        near = nearest_names(name, [op.name for op in graph.get_operations()])
        raise UsageError(
            f"{path}: expected a tensor named {full}, found none; nearest: {', '.join(near)}"
        ) from None
