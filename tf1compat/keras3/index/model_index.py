"""The weights of a built model by stable paths, and the layers that hold them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeVar

import keras

from tf1compat.checkpoint.meta.branch_joins import Join
from tf1compat.errors import UnknownNameError
from tf1compat.keras3.index._producers import LayerFlow, find_producers
from tf1compat.keras3.index._tracing import TracedGraph, trace_layer
from tf1compat.keras3.index._walk import Walk, walk_model
from tf1compat.keras3.index.requirements import require_layer
from tf1compat.keras3.index.weights import LayerNode, Weight
from tf1compat.names import nearest_names
from tf1compat.printable import printable_name

__all__ = ["ModelIndex", "index_model"]

T = TypeVar("T")


class ModelIndex(Mapping[str, Weight]):
    """A model's weights by path, in order of creation.

    Attributes:
      model: the model.
      layers: the model itself and its layers, in order of creation; see :class:`LayerNode`.
    """

    def __init__(self, walk: Walk) -> None:
        self.model: keras.layers.Layer = walk.root
        self.layers: tuple[LayerNode, ...] = tuple(walk.layers)
        self._weights = {weight.path: weight for weight in walk.weights}
        self._inner = walk.inner
        self._graphs: dict[str, TracedGraph | None] = {}
        self._told: dict[Hashable, Any] = {}

    def __getitem__(self, path: str) -> Weight:
        try:
            return self._weights[path]
        except KeyError:
            near = ", ".join(nearest_names(path, self._weights)) or "none; the model has no weights"
            raise UnknownNameError(
                f"{path}: the model has no weight of this path; nearest: {near}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._weights)

    def __len__(self) -> int:
        return len(self._weights)

    def __contains__(self, path: object) -> bool:
        return path in self._weights

    def __repr__(self) -> str:
        name = printable_name(self.model.name)
        return f"<ModelIndex of {name}: {len(self)} weights, {len(self.layers)} layers>"

    @functools.cached_property
    def by_variable(self) -> Mapping[int, Weight]:
        """The weights by the ``id`` of their variable."""
        return {id(weight.variable): weight for weight in self._weights.values()}

    @functools.cached_property
    def by_layer(self) -> Mapping[str, LayerNode]:
        """The layers by their paths."""
        return {node.path: node for node in self.layers}

    def held_by(self, layer: keras.layers.Layer) -> tuple[keras.layers.Layer, ...]:
        """Returns the layers directly within one of the model's layers."""
        return tuple(child.layer for child in self._inner[id(layer)])

    def once(self, what: Hashable, tell: Callable[[], T]) -> T:
        """Returns what `tell` says of the model, asked the first time alone.

        Args:
          what: tells it from what else is said of the model.
          tell: says it; it stays so for as long as the model is as it was indexed.
        """
        if what not in self._told:
            self._told[what] = tell()
        told: T = self._told[what]
        return told

    def graph_of(self, layer: str) -> TracedGraph | None:
        """Returns the graph that TensorFlow traces of a layer in inference mode, made once.

        Every weight of the layer, and of those within it, is a placeholder in it; nothing is
        computed and no weight needs a value. None on other backends, for a layer whose inputs
        aren't known, and for one that can't be traced.

        Args:
          layer: the layer's path; ``""`` is the model itself.
        """
        if layer not in self._graphs:
            held = self.by_layer[layer].layer
            own = {id(variable) for variable in held.variables}
            variables = {path: weight.variable for path, weight in self._weights.items()}
            inner = {path: one for path, one in variables.items() if id(one) in own}
            self._graphs[layer] = trace_layer(held, inner)
        return self._graphs[layer]

    @property
    def producers(self) -> Mapping[str, tuple[str, ...]]:
        """For the path of each layer that holds weights, the nearest such layers that feed it.

        Layers without weights (activations, additions, pooling) are looked through. Known within
        Functional and Sequential models, nested ones too, and for the usual wrappers; layers whose
        inputs aren't known are left out.
        """
        return self._flow.feeds

    @property
    def joins(self) -> tuple[Join, ...]:
        """Where what layers with weights made is added up or put side by side, by their paths."""
        return self._flow.joins

    @property
    def leading_back(self) -> frozenset[tuple[str, str]]:
        """Of :attr:`producers`, what a layer that is used again has fed itself before.

        As pairs of the path of a producer and that of the layer.
        """
        return self._flow.back

    @functools.cached_property
    def _flow(self) -> LayerFlow:
        bearing = [
            node
            for node in self.layers
            if any(self._weights[path].kind == "weight" for path in node.weights)
        ]
        return find_producers(self.model, bearing, inner=self._inner)


def index_model(model: Any) -> ModelIndex:
    """Returns the weights of `model` by stable path.

    Paths are made of the names that the model's author gave: names of layers, names of the
    attributes that hold layers without a name of their own, and for what Keras named itself the
    numbers of a fresh process. They don't depend on what else the process has built. Optimizer
    variables and metrics are not weights; the states of random generators are (of kind
    ``"state"``).

    Args:
      model: a built Keras 3 model or layer, or an index, which is returned as it is.

    Raises:
      ModelError: if it is no Keras model, or parts of it aren't built; all of them are named.
    """
    if isinstance(model, ModelIndex):
        return model
    return ModelIndex(walk_model(require_layer(model)))
