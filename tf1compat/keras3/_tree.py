"""The tree of a model's layers: which layer holds which, and under what attribute.

Only what a layer's own ``__dict__`` and the public ``layers`` hold is looked at, as Keras' own
saving does, so that every layer whose weights Keras would save is found.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import keras

__all__ = ["Child", "children", "is_graph", "is_stack"]

_PLAIN = (str, int, float, bool, type(None))
_DEEPEST = 20  # nesting of containers that is still followed


@dataclasses.dataclass(frozen=True, eq=False)
class Child:
    """A layer within another.

    Attributes:
      layer: the inner layer.
      attribute: the attribute that holds it, with the places in its containers, e.g. ``blocks_0``;
        ``""`` where only the outer layer's ``layers`` list it.
    """

    layer: keras.layers.Layer
    attribute: str


def is_graph(layer: keras.layers.Layer) -> bool:
    """Tells whether `layer` is a Functional model, whose layers form a known graph."""
    return isinstance(layer, keras.Function) and isinstance(layer, keras.layers.Layer)


def is_stack(layer: keras.layers.Layer) -> bool:
    """Tells whether `layer` is a Sequential model."""
    return isinstance(layer, keras.Sequential)


def children(layer: keras.layers.Layer) -> list[Child]:
    """Returns the layers directly within `layer`, each once, in order of assignment.

    For Functional and Sequential models these are their ``layers``; what their attributes add
    comes after those.
    """
    if not (is_graph(layer) or is_stack(layer)):
        return list(_held(layer))
    listed = [Child(inner, "") for inner in layer.layers]
    known = {id(child.layer) for child in listed}
    missing = {id(v) for v in layer.variables}
    missing -= {id(v) for child in listed for v in child.layer.variables}
    if missing:
        for child in _held(layer):
            if id(child.layer) not in known and any(
                id(v) in missing for v in child.layer.variables
            ):
                listed.append(child)
    return listed


def _held(layer: keras.layers.Layer) -> Iterator[Child]:
    """Yields the layers that attributes hold; of several attributes the most telling is named."""
    best: dict[int, tuple[tuple[bool, bool], Child]] = {}
    for name, value in vars(layer).items():
        if isinstance(value, _PLAIN) or callable(value) and not _is_layer(value):
            continue
        for inner, attribute, depth in _layers_in(value, name.strip("_"), 0):
            if inner is layer:
                continue
            rank = (name.startswith("_"), depth > 0)
            known = best.get(id(inner))
            if known is None or rank < known[0]:
                best[id(inner)] = (rank, Child(inner, attribute))
    for _, child in best.values():  # in order of first sight, which Keras' own list gives
        yield child


def _layers_in(
    value: Any, attribute: str, depth: int
) -> Iterator[tuple[keras.layers.Layer, str, int]]:
    if _is_layer(value):
        yield value, attribute, depth
    elif depth < _DEEPEST:
        if isinstance(value, dict):
            for key, item in value.items():
                if not isinstance(item, _PLAIN):
                    part = str(key).replace("/", "_")
                    yield from _layers_in(item, f"{attribute}_{part}", depth + 1)
        elif isinstance(value, (list, tuple)):
            for place, item in enumerate(value):
                if not isinstance(item, _PLAIN):
                    yield from _layers_in(item, f"{attribute}_{place}", depth + 1)


def _is_layer(value: Any) -> bool:
    return isinstance(value, keras.layers.Layer) and not isinstance(value, keras.metrics.Metric)
