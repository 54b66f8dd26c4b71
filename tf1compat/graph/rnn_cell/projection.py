"""Cells with a projection or an embedding before or after them."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell._around import AroundCell
from tf1compat.graph.rnn_cell._linear import Linear
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import Activation, Initializer, RNNCellLike, State, Tensor

__all__ = ["EmbeddingWrapper", "InputProjectionWrapper", "OutputProjectionWrapper"]

v1 = tf.compat.v1


class EmbeddingWrapper(AroundCell):
    """Embeds symbols, then runs a cell. Mirrors `tf.contrib.rnn.EmbeddingWrapper`.

    Inputs: integers [B] or [B, 1]. Variable: `embedding_wrapper/embedding` [classes, size], of the
    state's dtype. The wrapped cell is run on the CPU with it, as in TensorFlow 1.15.

    Args:
      cell: the cell to wrap.
      embedding_classes: number of symbols.
      embedding_size: depth of their embeddings.
      initializer: of the table; by default the scope's, else uniform of variance one.
      reuse: True gets existing variables instead of making them.

    Raises:
      TypeError: `cell` isn't like a cell.
      UsageError: (a `ValueError`) a size that isn't positive.
    """

    def __init__(
        self,
        cell: RNNCellLike,
        embedding_classes: int,
        embedding_size: int,
        initializer: Initializer | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(cell, _reuse=reuse)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise UsageError(
                "Both embedding_classes and embedding_size must be > 0: "
                f"{embedding_classes}, {embedding_size}."
            )
        self._embedding_classes = embedding_classes
        self._embedding_size = embedding_size
        self._initializer = initializer

    def _table_initializer(self) -> Initializer:
        given = self._initializer or v1.get_variable_scope().initializer
        # Of variance one: uniform within the square root of 3.
        return given or v1.random_uniform_initializer(-math.sqrt(3), math.sqrt(3))

    def call(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns the wrapped cell's output and new state."""
        # The state tells the table's dtype, since integer inputs can't.
        first: Any = state[0] if isinstance(state, tuple) else state
        # The whole step is placed there, not the table alone: 1.15 has the cell inside the block.
        with v1.device("/cpu:0"):
            table = get_variable(
                "embedding",
                [self._embedding_classes, self._embedding_size],
                initializer=self._table_initializer(),
                dtype=first.dtype,
            )
            embedded = v1.nn.embedding_lookup(table, tf.reshape(inputs, [-1]))
            return self._cell(embedded, state)


class _ProjectingCell(AroundCell):
    """A cell around another with one affine map, made where it is first used."""

    _activation: Activation | None
    _linear: Linear | None = None

    def _project(self, tensor: Tensor, size: int) -> Tensor:
        if self._linear is None:
            self._linear = Linear(tensor, size, True)
        projected = self._linear(tensor)
        # None is no activation here, where cells take it for tanh.
        return self._activation(projected) if self._activation else projected


class InputProjectionWrapper(_ProjectingCell):
    """Projects the inputs, then runs a cell. Mirrors `tf.contrib.rnn.InputProjectionWrapper`.

    Variables below `input_projection_wrapper`: `kernel` [D, num_proj] and `bias`.

    Args:
      cell: the cell to wrap.
      num_proj: depth to project to.
      activation: function of the projection, or None.
      input_size: ignored, as in TensorFlow 1.15.
      reuse: True gets existing variables instead of making them.

    Raises:
      TypeError: `cell` isn't like a cell.
    """

    def __init__(
        self,
        cell: RNNCellLike,
        num_proj: int,
        activation: Activation | None = None,
        input_size: int | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(cell, _reuse=reuse)
        self._num_proj = num_proj
        self._activation = activation

    def call(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns the wrapped cell's output and new state."""
        return self._cell(self._project(inputs, self._num_proj), state)


class OutputProjectionWrapper(_ProjectingCell):
    """Projects a cell's output. Mirrors `tf.contrib.rnn.OutputProjectionWrapper`.

    Variables below `output_projection_wrapper`: `kernel` [U, output_size] and `bias`.

    Args:
      cell: the cell to wrap.
      output_size: depth of the projection.
      activation: function of the projection, or None.
      reuse: True gets existing variables instead of making them.

    Raises:
      TypeError: `cell` isn't like a cell.
      UsageError: (a `ValueError`) `output_size` isn't positive.
    """

    def __init__(
        self,
        cell: RNNCellLike,
        output_size: int,
        activation: Activation | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(cell, _reuse=reuse)
        if output_size < 1:
            raise UsageError(f"Parameter output_size must be > 0: {output_size}.")
        self._output_size = output_size
        self._activation = activation

    @property
    def output_size(self) -> int:
        """The projection's depth."""
        return self._output_size

    def call(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns the projected output [B, output_size] and the wrapped cell's new state."""
        output, new_state = self._cell(inputs, state)
        return self._project(output, self._output_size), new_state
