"""The order in which a model's layers were created, as far as it can be told.

Attributes are assigned in that order, and so are the layers of a Sequential model. A Functional
model lists its layers sorted by depth; there, automatic numbers tell the order within a class, the
graph tells that a producer was made before its consumer, and depth decides the rest.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from tf1compat.keras3.index._functional import simple_edges
from tf1compat.keras3.index._naming import automatic_number
from tf1compat.keras3.index._tree import Child, is_graph

__all__ = ["creation_order"]


def creation_order(
    root: keras.layers.Layer, inner: Mapping[int, Sequence[Child]]
) -> dict[int, int]:
    """Returns by id of each layer its place; a layer stands right before what it holds."""
    places: dict[int, int] = {}
    waiting = [root]
    while waiting:
        layer = waiting.pop()
        if id(layer) in places:
            continue
        places[id(layer)] = len(places)
        held = [child.layer for child in inner[id(layer)]]
        waiting.extend(reversed(_graph_order(layer, held) if is_graph(layer) else held))
    return places


def _graph_order(model: keras.Model, held: Sequence[keras.layers.Layer]) -> list[Any]:
    """Returns the layers of a Functional model by numbers and graph, ties by depth."""
    operations = list(held) + [op for op in model.operations if _is_operation(op)]
    place = {id(op): number for number, op in enumerate(operations)}
    after: dict[int, set[int]] = defaultdict(set)
    for producer, consumer in simple_edges(model):
        if id(producer) in place and id(consumer) in place:
            after[place[id(producer)]].add(place[id(consumer)])
    for earlier, later in _numbered(held):
        after[place[id(earlier)]].add(place[id(later)])
    waiting = [0] * len(operations)
    for consumers in after.values():
        for consumer in consumers:
            waiting[consumer] += 1
    ready = [number for number, count in enumerate(waiting) if not count]
    heapq.heapify(ready)
    done: list[int] = []
    while ready:
        number = heapq.heappop(ready)
        done.append(number)
        for consumer in after.get(number, ()):
            waiting[consumer] -= 1
            if not waiting[consumer]:
                heapq.heappush(ready, consumer)
    if len(done) != len(operations):  # names that contradict the graph
        return list(held)
    return [operations[number] for number in done if number < len(held)]


def _numbered(
    held: Sequence[keras.layers.Layer],
) -> list[tuple[keras.layers.Layer, keras.layers.Layer]]:
    """Returns pairs of neighbours in the numbering of each class."""
    classes: dict[type, list[tuple[int, int, keras.layers.Layer]]] = defaultdict(list)
    for place, layer in enumerate(held):
        number = automatic_number(layer)
        if number is not None:
            classes[type(layer)].append((number, place, layer))
    pairs = []
    for found in classes.values():
        found.sort(key=lambda item: item[:2])
        pairs += [(a[2], b[2]) for a, b in itertools.pairwise(found)]
    return pairs


def _is_operation(op: Any) -> bool:
    return not isinstance(op, keras.layers.Layer)
