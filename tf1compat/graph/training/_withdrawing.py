"""Things out of a collection for a while, and back to the places where they were."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import tensorflow as tf

from tf1compat.graph.building import kept_with, withdrawn

__all__ = ["Withdrawing"]


class Withdrawing:
    """A collection of a graph, and what was taken out of it.

    Attributes:
      collection: the collection's own list.
      ever: ids of all that was seen in it at some time.
    """

    def __init__(self, graph: tf.Graph, key: str) -> None:
        self.collection: list[Any] = graph.get_collection_ref(key)
        self._out = withdrawn(graph, key)
        # Everything that was seen in it, in the collection's order.
        self._order: list[Any] = kept_with(graph, f"order of {key}", list)
        seen = {id(value) for value in self._order}
        self._order.extend(value for value in self.collection if id(value) not in seen)
        self.ever = {id(value) for value in self._order}

    @property
    def out(self) -> tuple[Any, ...]:
        """What is taken out now, in the collection's order."""
        ids = {id(value) for value in self._out}
        return tuple(value for value in self._order if id(value) in ids)

    def take(self, chosen: Collection[int]) -> set[int]:
        """Takes out what has one of the ids `chosen`, and returns the ids of what was there."""
        taken = [value for value in self.collection if id(value) in chosen]
        self.collection[:] = [value for value in self.collection if id(value) not in chosen]
        self._out.extend(taken)
        return {id(value) for value in taken}

    def put_back(self, chosen: Collection[int]) -> set[int]:
        """Puts back what has one of the ids `chosen`, and returns the ids of what was out."""
        places = {id(value): place for place, value in enumerate(self._order)}
        inside = {id(value) for value in self.collection}
        returning = [v for v in self._order if id(v) in chosen and id(v) not in inside]
        # Optimizer.compute_gradients takes variables in order, and slots are made in that order.
        for value in returning:
            at = next(
                (
                    at
                    for at, other in enumerate(self.collection)
                    if places[id(other)] > places[id(value)]
                ),
                len(self.collection),
            )
            self.collection.insert(at, value)
        back = {id(value) for value in returning}
        self._out[:] = [value for value in self._out if id(value) not in back]
        return back
