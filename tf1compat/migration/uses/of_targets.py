"""How a Keras model uses its weights: from the table by layer class, or from a traced graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tf1compat.checkpoint.meta.usage import read_usage
from tf1compat.checkpoint.meta.using import Use
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.models.tracing import TracedGraph, trace_layers
from tf1compat.migration.uses.declared import declared_use, is_declared

__all__ = ["target_uses", "traced_uses"]

Uses = Mapping[str, tuple[Use, ...]]


def target_uses(index: ModelIndex) -> Uses:
    """Returns the uses of a model's weights, by path; those that can't be told are left out.

    Keras' own layers are looked up; layers of other classes are traced, each by itself, or the
    whole model where one can't be: that takes tens of milliseconds a layer, and TensorFlow as the
    backend.
    """
    found: dict[str, tuple[Use, ...]] = {}
    others: dict[str, None] = {}
    for path, weight in index.items():
        if not is_declared(index, weight):
            if weight.kind == "weight":
                others[weight.layer_path] = None
        elif use := declared_use(index, path):
            found[path] = (use,)
    return {**traced_uses(index, others), **found}


def traced_uses(index: ModelIndex, layers: Iterable[str]) -> Uses:
    """Returns the uses of the weights of some layers, given their paths, as their graphs have them.

    Weights below those layers are among them.
    """
    wanted = list(layers)
    found: dict[str, tuple[Use, ...]] = {}
    for graph in trace_layers(index, wanted):
        found.update(_read(graph))
    own = [path for path, weight in index.items() if weight.layer_path in wanted]
    open_ = any(not found.get(path) for path in own) and "" not in wanted
    whole = trace_layers(index, [""]) if open_ else ()
    for graph in whole:
        found.update((path, uses) for path, uses in _read(graph).items() if not found.get(path))
    return {path: uses for path, uses in found.items() if uses}


def _read(graph: TracedGraph) -> Uses:
    return read_usage(graph.graph_def, graph.weights)
