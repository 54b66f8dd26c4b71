"""A layer's name, and the variable scope that holds its variables."""

from __future__ import annotations

import re
from typing import Any

import tensorflow as tf

from tf1compat.errors import GraphError
from tf1compat.graph.layers import _calling as calling
from tf1compat.graph.layers._record import LayerRecord
from tf1compat.graph.types import Reuse, ScopeLike, VariableScope

__all__ = ["ScopedLayer", "snake_case"]

v1 = tf.compat.v1


class ScopedLayer(LayerRecord):
    """A layer with a name of its own, and a variable scope from its first call on."""

    _name: str
    _base_name: str
    _reuse: Reuse
    _scope: VariableScope | None
    _current_scope: Any

    def _init_set_name(self, name: Any) -> None:
        if isinstance(name, v1.VariableScope):
            # Named after its class all the same; only the variables follow the scope.
            self._base_name = name.name
            self._name = self._make_unique_name()[0]
        elif name:
            self._name = self._base_name = name
        else:
            self._name, self._base_name = self._make_unique_name()

    def _make_unique_name(self) -> tuple[str, str]:
        """Returns (a name unique in the graph, the base name of the default scope)."""
        base_name = snake_case(type(self).__name__)
        return calling.unique_name(base_name), base_name

    @property
    def name(self) -> str:
        """The layer's name; its variables' scope is `scope_name`."""
        return self._name

    @property
    def scope_name(self) -> str:
        """Name of the variable scope that holds the layer's variables.

        Raises:
          GraphError: (a `ValueError`) the layer hasn't been called, so it has no scope yet.
        """
        if not self._scope:
            raise GraphError(
                f'No name available for layer scope because the layer "{self._name}" has not '
                "been used yet: the first call fixes it; call the layer first"
            )
        return self._scope.name

    def _set_scope(self, scope: ScopeLike = None) -> None:
        if self._scope is not None:
            return
        if self._reuse:
            # To reuse is to enter the scope by its very name; a default name would be made unique.
            opened = v1.variable_scope(self._base_name if scope is None else scope)
        else:
            opened = v1.variable_scope(scope, default_name=self._base_name)
        # Entered once for the names: the scope object, with its name scope, serves all later calls.
        with opened as captured:
            self._scope = captured

    def _name_scope(self) -> str:
        # Of all calls: a second one adds `dense/MatMul_1`, and no scope `dense_1/`.
        return self._current_scope.original_name_scope


def snake_case(name: str) -> str:
    """Returns a class's name as a scope name.

    >>> snake_case("Conv2DTranspose"), snake_case("BasicLSTMCell"), snake_case("_Mine")
    ('conv2d_transpose', 'basic_lstm_cell', 'private__mine')
    """
    words = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    snake = re.sub("([a-z])([A-Z])", r"\1_\2", words).lower()
    return "private" + snake if snake.startswith("_") else snake
