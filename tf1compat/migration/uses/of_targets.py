"""How a Keras model uses its weights: from the table by layer class, or from a traced graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tf1compat.checkpoint.meta.usage import read_usage
from tf1compat.checkpoint.meta.using import Use
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.uses.declared import declared_uses, is_declared

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
    wanted = [path for path in paths if index[path].kind == "weight"]
    others = (index[path] for path in wanted)
    layers = dict.fromkeys(one.layer_path for one in others if not is_declared(index, one))
    own = {path: (use,) for path, use in declared_uses(index, wanted).items()}
    return {**traced_uses(index, layers), **own}


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
