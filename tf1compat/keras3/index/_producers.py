"""Which layers feed which: the data flow between the layers that hold weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import keras

from tf1compat.checkpoint.meta.branch_joins import Join
from tf1compat.keras3.index._functional import model_graph
from tf1compat.keras3.index._tree import Child, is_graph, is_stack
from tf1compat.keras3.index.weights import LayerNode

__all__ = ["Inner", "LayerFlow", "find_producers"]

Inner = Mapping[int, Sequence[Child]]
_Feeds = tuple[str, ...] | None  # paths of the nearest layers upstream; None where unknown
_ADDING = frozenset({"Add", "Subtract"})  # what layers, and operations on tensors, are called
_JOINING = "Concatenate"
_JOINING_LAYERS = (keras.layers.Add, keras.layers.Subtract, keras.layers.Concatenate)


class LayerFlow(NamedTuple):
    """Which layers feed which.

    Attributes:
      feeds: for the path of each layer whose inputs are known, those of the layers that feed it.
      joins: where what layers made is added up or put side by side, once each.
      back: pairs of a layer and one that it feeds where that is used again, after it has fed the
        layer itself.
    """

    feeds: dict[str, tuple[str, ...]]
    joins: tuple[Join, ...]
    back: frozenset[tuple[str, str]]


def find_producers(
    root: keras.layers.Layer,
    bearing: Sequence[LayerNode],
    *,
    inner: Inner,
) -> LayerFlow:
    """Returns which layers of `bearing` feed which, and where what they made comes together.

    Args:
      root: the model.
      bearing: the layers that hold weights.
      inner: the layers directly within each layer, by its ``id``.
    """
    tracer = _Tracer({id(node.layer): node.path for node in bearing}, inner)
    tracer.run(root, [()])
    unknown = tracer.unknown
    feeds = {
        node.path: tuple(tracer.feeds[node.path])
        for node in bearing
        if node.path in tracer.feeds and node.path not in unknown
    }
    return LayerFlow(feeds, tuple(tracer.joins), frozenset(tracer.back))


def _merge(feeds: Iterable[_Feeds]) -> _Feeds:
    merged: dict[str, None] = {}
    for feed in feeds:
        if feed is None:
            return None
        merged.update(dict.fromkeys(feed))
    return tuple(merged)


class _Tracer:
    """Carries the paths of the nearest upstream layers through a model."""

    def __init__(self, paths: Mapping[int, str], inner: Inner) -> None:
        self.feeds: dict[str, dict[str, None]] = {}
        self.unknown: set[str] = set()
        self.joins: dict[Join, None] = {}
        self.back: set[tuple[str, str]] = set()
        self._paths = paths
        self._inner = inner
        self._below: dict[int, tuple[int, ...]] = {}

    def run(self, layer: keras.layers.Layer, given: Sequence[_Feeds]) -> list[_Feeds]:
        """Returns what the outputs of `layer` carry when its inputs carry `given`."""
        below = self._bearing(layer)
        merged = _merge(given)
        if not below:
            self._join(layer, given)
            return [merged]
        if id(layer) in self._paths and len(below) > 1:
            return self._unclear(below)
        if len(below) == 1:
            return [self._feed(below[0], merged)]
        if is_graph(layer):
            return self._run_graph(layer, given)
        steps = _steps(layer)
        if steps is not None:
            for step in steps:
                given = self.run(step, given)
            return list(given)
        if isinstance(layer, keras.layers.Bidirectional):
            both = (layer.forward_layer, layer.backward_layer)
            return [_merge(out for part in both for out in self.run(part, given))]
        if isinstance(layer, keras.layers.MultiHeadAttention):
            return self._run_attention(layer, given)
        return self._unclear(below)

    def _bearing(self, layer: keras.layers.Layer) -> tuple[int, ...]:
        """Returns the ids of the layers with weights in `layer`, itself included."""
        if id(layer) not in self._below:
            found = dict.fromkeys([id(layer)] if id(layer) in self._paths else [])
            for child in self._inner.get(id(layer), ()):
                if child.layer is not layer:
                    found.update(dict.fromkeys(self._bearing(child.layer)))
            self._below[id(layer)] = tuple(found)
        return self._below[id(layer)]

    def _feed(self, key: int, merged: _Feeds) -> _Feeds:
        path = self._paths[key]
        if merged is None:
            self.unknown.add(path)
        else:
            if path in self.feeds:
                fresh = [one for one in merged if one not in self.feeds[path]]
                self.back.update((one, path) for one in fresh if self._feeds_into(path, one))
            self.feeds.setdefault(path, {}).update(dict.fromkeys(merged))
        return (path,)

    def _feeds_into(self, path: str, other: str) -> bool:
        """Tells whether a layer feeds another, directly or not."""
        seen, waiting = {other}, [other]
        while waiting:
            one = waiting.pop()
            if one == path:
                return True
            fresh = [
                p for p in self.feeds.get(one, ()) if p not in seen and (p, one) not in self.back
            ]
            waiting += fresh
            seen.update(fresh)
        return False

    def _unclear(self, below: Iterable[int]) -> list[_Feeds]:
        self.unknown.update(self._paths[key] for key in below)
        return [None]

    def _run_graph(self, model: keras.Model, given: Sequence[_Feeds]) -> list[_Feeds]:
        graph = model_graph(model)
        if graph is None:
            return self._unclear(self._bearing(model))
        carried: dict[tuple[str, int], list[_Feeds]] = {}
        for place, ref in enumerate(graph.inputs):
            carried[ref.operation, ref.call] = [given[min(place, len(given) - 1)]]
        for call in graph.calls:
            key = (call.operation.name, call.number)
            if key not in carried:
                feeds = [_pick(carried[r.operation, r.call], r.output) for r in call.inputs]
                carried[key] = self._run_operation(call.operation, feeds)
        return [_pick(carried[r.operation, r.call], r.output) for r in graph.outputs]

    def _run_operation(self, operation: object, feeds: Sequence[_Feeds]) -> list[_Feeds]:
        if isinstance(operation, keras.layers.Layer):
            return self.run(operation, feeds)
        self._join(operation, feeds)
        return [_merge(feeds)]

    def _join(self, operation: object, given: Sequence[_Feeds]) -> None:
        kind = type(operation).__name__
        if isinstance(operation, keras.layers.Layer) and type(operation) not in _JOINING_LAYERS:
            return
        if (kind in _ADDING or kind == _JOINING) and len(given) > 1 and None not in given:
            parts = tuple(frozenset(feeds or ()) for feeds in given)
            self.joins[Join(parts, ordered=kind == _JOINING)] = None

    def _run_attention(
        self, layer: keras.layers.MultiHeadAttention, given: Sequence[_Feeds]
    ) -> list[_Feeds]:
        parts = {child.layer.name: child.layer for child in self._inner[id(layer)]}
        names = ("query", "key", "value", "attention_output")
        if any(name not in parts for name in names):
            return self._unclear(self._bearing(layer))
        # `call(query, value, key=None)`: without a key, the value is the key as well.
        others = given[1:] or given
        feeds = [self.run(parts["query"], given[:1])]
        feeds += [self.run(parts[name], others) for name in ("key", "value")]
        return self.run(parts["attention_output"], [f for feed in feeds for f in feed])


def _steps(layer: keras.layers.Layer) -> Sequence[keras.layers.Layer] | None:
    """Returns the layers that `layer` applies one after the other, where that is all it does."""
    if is_stack(layer):
        return layer.layers
    if isinstance(layer, keras.layers.StackedRNNCells):
        return layer.cells
    if isinstance(layer, keras.layers.Bidirectional):
        return None
    if isinstance(layer, keras.layers.RNN):
        # All weights are the cell's: a Keras LSTM holds none of its own beside them.
        return [layer.cell]
    if isinstance(layer, keras.layers.TimeDistributed):
        return [layer.layer]
    return None


def _pick(outputs: Sequence[_Feeds], place: int) -> _Feeds:
    return outputs[min(place, len(outputs) - 1)]
