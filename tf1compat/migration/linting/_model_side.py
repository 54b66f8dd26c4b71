"""Settings of a model's layers: what configures them, else what the model's own graph shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tf1compat.checkpoint.meta.settings import GraphSettings, traced_settings
from tf1compat.checkpoint.wire import WireError
from tf1compat.keras3 import LayerNode, ModelIndex
from tf1compat.keras3.index.layer_settings import model_settings
from tf1compat.keras3.index.requirements import is_of_keras
from tf1compat.migration.linting.base import Values

__all__ = ["model_side"]

_OWN = frozenset({"own"})  # kind of a layer that isn't one of Keras'


def model_side(index: ModelIndex) -> dict[str, Values]:
    """Returns the settings of each layer that has weights, by its path.

    What a layer of the user's own does, and what it calls after the layers within it, no
    configuration says; where TensorFlow is the backend it is read like a v1 graph.
    """
    found: dict[str, Values] = dict(model_settings(index))
    own = [node for node in index.layers if node.weights and _is_own(node)]
    found |= {node.path: {"kind": _OWN} for node in own if node.path not in found}
    lacking = [node for node in index.layers if node.path in found and _lacks(found[node.path])]
    traced = index.graph_of("") if lacking else None
    if traced is None:
        return found
    try:
        graph = traced_settings(traced.graph_def, traced.weights)
    except WireError:
        return found
    placeholders = {path: name for name, path in traced.weights.items()}
    for node in lacking:
        variables = [placeholders[path] for path in node.weights]
        known = found[node.path]
        found[node.path] = {**dict(_shown(graph, variables, known)), **known}
    return found


def _is_own(node: LayerNode) -> bool:
    return not is_of_keras(node.layer)


def _lacks(settings: Values) -> bool:
    missing = "activation" not in settings and "gated" not in settings["kind"]
    return missing or ("convolution" in settings["kind"] and "padding" not in settings)


def _shown(
    graph: GraphSettings, variables: list[str], known: Values
) -> Iterator[tuple[str, frozenset[Any]]]:
    """Yields what a graph of a model that doesn't train shows for certain."""
    yield from _only(graph.afterwards(variables), "activation")
    if "convolution" in known["kind"]:
        yield from _only(graph.of_convolution(variables), "padding")
    elif known["kind"] == _OWN:
        yield from _only(graph.of_norm(variables), "epsilon", "axes")


def _only(found: Mapping[str, frozenset[Any]], *names: str) -> Iterator[tuple[str, frozenset[Any]]]:
    return ((name, found[name]) for name in names if name in found)
