"""What the graph beside a checkpoint takes and gives, printed."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tf1compat.apps._printing import complain, json_head, say, say_json
from tf1compat.apps._quiet import import_tensorflow
from tf1compat.apps._tables import print_table
from tf1compat.checkpoint import Checkpoint

if TYPE_CHECKING:
    from tf1compat.migration.verification.reference.summary import GraphSummary

__all__ = ["print_graph"]

_UNTOLD = (
    "the graph's file doesn't say the dtypes and shapes of its outputs; where TensorFlow is "
    "installed, it infers them"
)


def print_graph(checkpoint: Checkpoint, *, about: Mapping[str, str], how: str) -> None:
    """Prints the graph's inputs, likely outputs and signatures, as a "table" or "json".

    As its file says them; where that doesn't say dtypes and shapes, TensorFlow infers them, if it
    is installed.

    Raises:
      UsageError: there is no graph, or it can't be read.
    """
    from tf1compat.migration.verification.reference.summary import summary_beside

    found = summary_beside(checkpoint)
    if not all(one.dtype for one in found.outputs):
        found = _inferred(checkpoint, found)
    if how == "json":
        graph = dataclasses.asdict(found)
        held = {**json_head("inspect", 1), "checkpoint": about, "graph": graph}
        say_json(held)
    else:
        _print(found)


def _inferred(checkpoint: Checkpoint, found: GraphSummary) -> GraphSummary:
    if importlib.util.find_spec("tensorflow") is None:
        complain(_UNTOLD)
        return found
    import_tensorflow()

    from tf1compat.migration.verification.reference.graph_file import graph_beside
    from tf1compat.migration.verification.reference.summary import summarize_graph

    return summarize_graph(graph_beside(checkpoint))


def _print(found: GraphSummary) -> None:
    rows = [
        [one.name, one.dtype, _shown(one.shape), _value(one.name, found, optional=one.optional)]
        for one in found.inputs
    ]
    print_table(["input", "dtype", "shape", "value"], rows)
    say()
    outputs = [[one.name, one.dtype or "?", _shown(one.shape)] for one in found.outputs]
    print_table(["likely output", "dtype", "shape"], outputs)
    if found.signatures:
        say()
        signed = [
            [key, side, name, one.name, one.dtype or "?", _shown(one.shape)]
            for key, signature in found.signatures.items()
            for side, tensors in (("inputs", signature.inputs), ("outputs", signature.outputs))
            for name, one in tensors.items()
        ]
        print_table(["signature", "side", "name", "tensor", "dtype", "shape"], signed)
    if found.left_out:
        say()
        print_table(["never run"], [[one] for one in found.left_out])


def _value(name: str, found: GraphSummary, *, optional: bool) -> str:
    if name in found.phases:
        return f"{found.phases[name]} (it doesn't train)"
    return "has its own" if optional else ""


def _shown(shape: Sequence[int | None] | None) -> str:
    """Returns a shape as tables have it: ``(?, 10)``, and ``(10,)`` of one dimension."""
    if shape is None:
        return "any"
    sizes = ", ".join("?" if size is None else str(size) for size in shape)
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"
