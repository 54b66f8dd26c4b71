"""What of a model is trained: the ``trainable`` of its layers and of its variables, set exactly.

Setting a layer's ``trainable`` sets that of all that it holds, and which variables were made to be
trained is told by nothing but that. So flags are set from the outermost layer inwards, and those of
the variables last.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tf1compat.errors import ModelError
from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["Flags", "TrainingFlags"]


class Flags(NamedTuple):
    """What is trained, by the ``id`` of layers and of variables."""

    layers: Mapping[int, bool]
    variables: Mapping[int, bool]


class TrainingFlags:
    """Reads and sets what of a model is trained."""

    def __init__(self, index: ModelIndex) -> None:
        self.layers = _outermost_first(index)
        self._variables = [weight.variable for weight in index.values()]
        self._inner = {id(layer): index.held_by(layer) for layer in self.layers}

    def read(self) -> Flags:
        """Returns what is trained now."""
        return Flags(
            {id(layer): bool(layer.trainable) for layer in self.layers},
            {id(variable): bool(variable.trainable) for variable in self._variables},
        )

    def apply(self, wanted: Flags) -> None:
        """Makes all as wanted; what is so already isn't touched."""
        for layer in self.layers:
            if layer.trainable != wanted.layers[id(layer)]:
                layer.trainable = wanted.layers[id(layer)]
        for variable in self._variables:
            if variable.trainable != wanted.variables[id(variable)]:
                variable.trainable = wanted.variables[id(variable)]

    def made_to_be_trained(self) -> frozenset[int]:
        """Returns the ``id`` of each variable that was made to be trained, frozen ones too."""
        before = self.read()
        try:
            for flag in (False, True):  # a layer that is trainable already sets nothing within
                for layer in self.layers:
                    layer.trainable = flag
            return frozenset(id(v) for v in self._variables if v.trainable)
        finally:
            self.apply(before)

    def with_holders(self, layers: Iterable[int]) -> set[int]:
        """Returns the ``id`` of some layers and of all that hold one of them, by whatever way."""
        found = set(layers)
        for outer in reversed(self.layers):
            if any(id(inner) in found for inner in self._inner[id(outer)]):
                found.add(id(outer))
        return found


def _outermost_first(index: ModelIndex) -> list[Any]:
    """Returns the layers, each after all that hold it.

    Raises:
      ModelError: layers hold each other, which Keras' own ``trainable`` doesn't end on.
    """
    layers = {id(node.layer): node.layer for node in index.layers}
    sorter: graphlib.TopologicalSorter[int] = graphlib.TopologicalSorter()
    for outer in layers.values():
        sorter.add(id(outer))
        for inner in index.held_by(outer):
            sorter.add(id(inner), id(outer))
    try:
        return [layers[one] for one in sorter.static_order()]
    except graphlib.CycleError as error:
        names = ", ".join(layers[one].name for one in error.args[1][:5])
        raise ModelError(
            f"{index.model.name}: expected layers that don't hold each other, found {names}; Keras "
            "can't set `trainable` on them"
        ) from None
