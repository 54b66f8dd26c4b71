"""What a model calls before and after each of its layers, where it is a known graph."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import keras

from tf1compat.keras3.index._functional import model_graph
from tf1compat.keras3.index._tree import is_graph, is_stack
from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["END", "START", "Neighbours"]

START, END = "start", "end"
"""Stand for what comes before and after the whole model."""


class Neighbours:
    """The layers and operations around each layer of a model and of the models within it."""

    def __init__(self, index: ModelIndex) -> None:
        self._after: dict[int, list[Any]] = defaultdict(list)
        self._before: dict[int, list[Any]] = defaultdict(list)
        self._known: set[int] = set()
        for node in index.layers:
            if is_stack(node.layer):
                self._add_stack(node.layer, index.model)
            elif is_graph(node.layer):
                self._add_graph(node.layer, index.model)

    def after(self, operation: Any) -> list[Any] | None:
        """Returns what reads an operation's outputs, :data:`END` included; None if unknown."""
        return self._after[id(operation)] if id(operation) in self._known else None

    def before(self, operation: Any) -> list[Any] | None:
        """Returns what an operation reads; None if unknown, or within for what is.

        What is read by the first of a model may be its input, or :data:`START`.
        """
        return self._before[id(operation)] if id(operation) in self._known else None

    def _add_stack(self, stack: keras.Sequential, root: Any) -> None:
        first = stack.layers[0] if stack.layers else None
        self._before[id(first)].append(START if stack is root else None)
        for one, following in zip(stack.layers, [*stack.layers[1:], None], strict=True):
            self._known.add(id(one))
            end = END if stack is root else None
            self._after[id(one)].append(end if following is None else following)
            if following is not None:
                self._before[id(following)].append(one)

    def _add_graph(self, model: keras.Model, root: Any) -> None:
        graph = model_graph(model)
        if graph is None:
            return
        called = {(call.operation.name, call.number): call.operation for call in graph.calls}
        for call in graph.calls:
            self._known.add(id(call.operation))
            for ref in call.inputs:
                producer = called[ref.operation, ref.call]
                self._after[id(producer)].append(call.operation)
                outside = model is not root and isinstance(producer, keras.layers.InputLayer)
                self._before[id(call.operation)].append(None if outside else producer)
        for ref in graph.outputs:
            end = END if model is root else None  # what comes after a model within one
            self._after[id(called[ref.operation, ref.call])].append(end)
