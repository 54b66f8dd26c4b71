"""A cell that attends to its own last outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell._linear import Linear
from tf1compat.graph.rnn_cell.base import RNNCell, assert_like_rnncell, input_depth
from tf1compat.graph.rnn_cell.state_tuple import columns
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import RNNCellLike, State, StateSize, Tensor

__all__ = ["AttentionCellWrapper"]

v1 = tf.compat.v1


class AttentionCellWrapper(RNNCell):
    """Attention over a window of a cell's own outputs (https://arxiv.org/abs/1601.06733).

    Mirrors `tf.contrib.rnn.AttentionCellWrapper`. Inputs [B, D], output [B, A]. The state is
    (cell state, attention [B, A], window [B, A * length]). Variables below the cell's scope:
    `kernel`, `bias` (of inputs and attention), the cell's own, `attention/attn_w`
    [1, 1, A, V], `attention/attn_v` [V], `attention/kernel`, `attention/bias` and
    `attn_output_projection/kernel`, `attn_output_projection/bias`.

    Args:
      cell: the cell to wrap.
      attn_length: length of the window, in steps.
      attn_size: A; by default the cell's output size.
      attn_vec_size: V; by default A.
      input_size: depth of what the cell is fed; by default D.
      state_is_tuple: whether the state is a tuple or one tensor of all columns.
      reuse: True gets existing variables instead of making them.

    Raises:
      TypeError: `cell` isn't like a cell.
      UsageError: (a `ValueError`) a tuple state with `state_is_tuple` False; a window of no step.
    """

    def __init__(
        self,
        cell: RNNCellLike,
        attn_length: int,
        attn_size: int | None = None,
        attn_vec_size: int | None = None,
        input_size: int | None = None,
        state_is_tuple: bool = True,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        assert_like_rnncell("cell", cell)
        if tf.nest.is_nested(cell.state_size) and not state_is_tuple:
            raise UsageError(
                "Cell returns tuple of states, but the flag state_is_tuple is not set. State "
                f"size is: {cell.state_size}"
            )
        if attn_length <= 0:
            raise UsageError(f"attn_length should be greater than zero, got {attn_length}")
        self._cell = cell
        self._attn_length = attn_length
        self._attn_size: int = cell.output_size if attn_size is None else attn_size
        self._attn_vec_size = self._attn_size if attn_vec_size is None else attn_vec_size
        self._input_size = input_size
        self._state_is_tuple = state_is_tuple
        self._input_map: Linear | None = None
        self._query_map: Linear | None = None
        self._output_map: Linear | None = None

    @property
    def state_size(self) -> StateSize:
        """(cell's state size, A, A * length), or their sum where the state is one tensor."""
        sizes = (self._cell.state_size, self._attn_size, self._attn_size * self._attn_length)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> int:
        """A."""
        return self._attn_size

    def _parts(self, state: Any) -> Sequence[Any]:
        if self._state_is_tuple:
            return state
        cell_size, size, window = self._cell.state_size, self._attn_size, self._attn_length
        return (
            columns(state, 0, size=cell_size),
            columns(state, cell_size, size=size),
            columns(state, cell_size + size, size=size * window),
        )

    def call(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns the output [B, A] and the new state, structured as `state`."""
        cell_state, attention, flat = self._parts(state)
        window = tf.reshape(flat, [-1, self._attn_length, self._attn_size])
        if self._input_map is None:
            depth = input_depth(inputs.shape) if self._input_size is None else self._input_size
            # Of the cell's own scope: `kernel` and `bias`, before the wrapped cell's variables.
            self._input_map = Linear([inputs, attention], depth, True)
        cell_output, new_state = self._cell(self._input_map([inputs, attention]), cell_state)
        # The whole new state asks, memory and output side by side.
        query = tf.concat(tf.nest.flatten(new_state), 1) if self._state_is_tuple else new_state
        attended, rest = self._attend(query, window)
        with v1.variable_scope("attn_output_projection"):
            if self._output_map is None:
                self._output_map = Linear([cell_output, attended], self._attn_size, True)
            output = self._output_map([cell_output, attended])
        # What enters the window is the output after its projection, not the cell's.
        longer = tf.concat([rest, tf.expand_dims(output, 1)], 1)
        new_flat = tf.reshape(longer, [-1, self._attn_length * self._attn_size])
        states = (new_state, attended, new_flat)
        return output, states if self._state_is_tuple else tf.concat(states, 1)

    def _attend(self, query: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the attention [B, A] and the window less its oldest step [B, length - 1, A]."""
        size, depth, length = self._attn_size, self._attn_vec_size, self._attn_length
        with v1.variable_scope("attention"):
            # No dtype is passed: the scope's, float32, also where the inputs are of another.
            k = get_variable("attn_w", [1, 1, size, depth])
            v = get_variable("attn_v", [depth])
            hidden = tf.reshape(window, [-1, length, 1, size])
            # A 1 x 1 convolution does the product over all steps of the window at once.
            features = tf.nn.conv2d(hidden, k, [1, 1, 1, 1], "SAME")
            if self._query_map is None:
                self._query_map = Linear(query, depth, True)
            y = tf.reshape(self._query_map(query), [-1, 1, 1, depth])
            scores = tf.reduce_sum(v * tf.tanh(features + y), [2, 3])
            weights = tf.reshape(tf.nn.softmax(scores), [-1, length, 1, 1])
            attended = tf.reshape(tf.reduce_sum(weights * hidden, [1, 2]), [-1, size])
            return attended, tf.slice(window, [0, 1, 0], [-1, -1, -1])
