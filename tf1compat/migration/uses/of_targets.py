"""How a Keras model uses its weights: from the table by layer class, or from a traced graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tf1compat.checkpoint.meta.usage import read_usage
from tf1compat.checkpoint.meta.using import Use
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.uses.declared import declared_use, is_declared

__all__ = ["target_uses", "traced_uses"]

Uses = Mapping[str, tuple[Use, ...]]


def target_uses(index: ModelIndex, paths: Iterable[str]) -> Uses:
    """Returns the uses of some of a model's weights, by path, as far as they can be told.

    Keras' own layers are looked up; layers of other classes are traced, each by itself, or the
    whole model where one can't be: that takes tens of milliseconds a layer, and TensorFlow as the
    backend.

    Args:
      index: the model's index.
      paths: the weights' paths.
    """
    found: dict[str, tuple[Use, ...]] = {}
    others: dict[str, None] = {}
    for path in paths:
        weight = index[path]
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
    own = [path for path, weight in index.items() if weight.layer_path in wanted]
    found: dict[str, tuple[Use, ...]] = {}
    for layer in (*wanted, ""):
        if layer or "" in wanted or any(path not in found for path in own):
            graph = index.graph_of(layer)
            told = read_usage(graph.graph_def, graph.weights) if graph is not None else {}
            found.update((path, uses) for path, uses in told.items() if uses and path not in found)
    return found
