"""The tree of a model's layers: which layer holds which, and under what attribute.

Only what a layer's own ``__dict__`` and the public ``layers`` hold is looked at, as Keras' own
saving does, so that every layer whose weights Keras would save is found.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import keras

__all__ = ["Child", "Tree", "is_graph", "is_stack"]

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
    # A Functional model is a `Function` of operations and a layer; a Sequential only holds one.
    return isinstance(layer, keras.Function) and isinstance(layer, keras.layers.Layer)


def is_stack(layer: keras.layers.Layer) -> bool:
    """Tells whether `layer` is a Sequential model."""
    return isinstance(layer, keras.Sequential)


class Tree:
    """What each layer of a model holds, read once.

    Attributes:
      root: the model.
      layers: every layer by its ``id``.
      inner: by ``id``, the layers directly within each layer, in order of assignment.
      variables: by ``id``, all variables of each layer and of what it holds, each once.
    """

    def __init__(self, root: keras.layers.Layer) -> None:
        self.root = root
        self.layers: dict[int, keras.layers.Layer] = {}
        self.inner: dict[int, list[Child]] = {}
        self.variables: dict[int, dict[int, Any]] = {}
        waiting = [root]
        while waiting:
            layer = waiting.pop()
            if id(layer) not in self.layers:
                self.layers[id(layer)] = layer
                held = self.inner[id(layer)] = self._children(layer)
                waiting.extend(child.layer for child in held)

    def own(self, layer: keras.layers.Layer) -> list[Any]:
        """Returns the variables of `layer` that nothing within it holds."""
        below: set[int] = set()
        for child in self.inner[id(layer)]:
            below.update(self.variables[id(child.layer)])
        return [v for key, v in self._variables(layer).items() if key not in below]

    def _children(self, layer: keras.layers.Layer) -> list[Child]:
        """Returns the layers directly within `layer`, each once.

        For Functional and Sequential models these are their ``layers``; of what else attributes
        hold only what adds variables. What holds variables that `layer` doesn't track (a reference
        back to the whole model) isn't within it.
        """
        own = self._variables(layer)
        listed: list[Child] = []
        missing: set[int] | None = None
        if is_graph(layer) or is_stack(layer):
            listed = [Child(inner, "") for inner in layer.layers]
            missing = set(own).difference(*(self._variables(child.layer) for child in listed))
            if not missing:
                return listed
        known = {id(child.layer) for child in listed}
        for child in _held(layer):
            ids = self._variables(child.layer).keys()
            if id(child.layer) in known or not ids <= own.keys():
                continue
            if missing is None or ids & missing:
                listed.append(child)
        return listed

    def _variables(self, layer: keras.layers.Layer) -> dict[int, Any]:
        found = self.variables.get(id(layer))
        if found is None:
            found = self.variables[id(layer)] = {id(v): v for v in layer.variables}
        return found


def _held(layer: keras.layers.Layer) -> Iterator[Child]:
    """Yields the layers that attributes hold; of several attributes the most telling is named."""
    best: dict[int, tuple[tuple[bool, bool], Child]] = {}
    for name, value in _attributes(layer).items():
        if isinstance(value, _PLAIN) or (callable(value) and not _is_layer(value)):
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


def _attributes(layer: keras.layers.Layer) -> dict[str, Any]:
    held = vars(layer)
    # A module of torch keeps those that are modules apart, as every layer is with that backend.
    return {**held, **held["_modules"]} if keras.backend.backend() == "torch" else held


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
