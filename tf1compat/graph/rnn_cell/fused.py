"""Recurrence over whole sequences as one callable."""

from __future__ import annotations

import abc
from typing import Any

import tensorflow as tf

from tf1compat.graph.types import DTypeLike, RNNCellLike, ScopeLike, State, Tensor, TensorLike

__all__ = ["FusedRNNCell", "FusedRNNCellAdaptor", "TimeReversedFusedRNN"]

v1 = tf.compat.v1


class FusedRNNCell(abc.ABC):
    """A recurrent network over time as one callable. Mirrors `tf.contrib.rnn.FusedRNNCell`."""

    @abc.abstractmethod
    def __call__(
        self,
        inputs: Tensor | list[Tensor],
        initial_state: State | None = None,
        dtype: DTypeLike | None = None,
        sequence_length: TensorLike | None = None,
        scope: ScopeLike = None,
    ) -> tuple[Tensor | list[Tensor], State]:
        """Runs all steps.

        Args:
          inputs: [T, B, D], or a list of T tensors [B, D].
          initial_state: the state before the first step; by default zeros.
          dtype: dtype of the zeros; needed without `initial_state`.
          sequence_length: int32 or int64 [B]; by default T for all.
          scope: variable scope, or its name.

        Returns:
          The outputs [T, B, U], or a list as `inputs` is, and the final state.
        """


class FusedRNNCellAdaptor(FusedRNNCell):
    """Runs an ordinary cell over time. Mirrors `tf.contrib.rnn.FusedRNNCellAdaptor`.

    Args:
      cell: a cell.
      use_dynamic_rnn: whether to loop in the graph (`dynamic_rnn`) or unroll (`static_rnn`).
    """

    def __init__(self, cell: RNNCellLike, use_dynamic_rnn: bool = False) -> None:
        self._cell = cell
        self._use_dynamic_rnn = use_dynamic_rnn

    def __call__(
        self,
        inputs: Tensor | list[Tensor],
        initial_state: State | None = None,
        dtype: DTypeLike | None = None,
        sequence_length: TensorLike | None = None,
        scope: ScopeLike = None,
    ) -> tuple[Tensor | list[Tensor], State]:
        """Runs all steps; arguments and result as `FusedRNNCell`'s."""
        is_list = isinstance(inputs, list)
        options = {
            "sequence_length": sequence_length,
            "initial_state": initial_state,
            "dtype": dtype,
            "scope": scope,
        }
        if self._use_dynamic_rnn:
            stacked = tf.stack(inputs) if is_list else inputs
            # Inputs have time first here, against `dynamic_rnn`'s own default.
            outputs, state = v1.nn.dynamic_rnn(self._cell, stacked, time_major=True, **options)
            return tf.unstack(outputs) if is_list else outputs, state
        steps = inputs if is_list else tf.unstack(inputs)
        outputs, state = v1.nn.static_rnn(self._cell, steps, **options)
        return outputs if is_list else tf.stack(outputs), state


class TimeReversedFusedRNN(FusedRNNCell):
    """Runs a fused cell backwards in time. Mirrors `tf.contrib.rnn.TimeReversedFusedRNN`.

    Args:
      cell: a fused cell.
    """

    def __init__(self, cell: FusedRNNCell) -> None:
        self._cell = cell

    def __call__(
        self,
        inputs: Tensor | list[Tensor],
        initial_state: State | None = None,
        dtype: DTypeLike | None = None,
        sequence_length: TensorLike | None = None,
        scope: ScopeLike = None,
    ) -> tuple[Tensor | list[Tensor], State]:
        """Runs all steps, from each sequence's last one; otherwise as `FusedRNNCell`'s."""
        outputs, state = self._cell(
            _reversed(inputs, sequence_length),
            initial_state=initial_state,
            dtype=dtype,
            sequence_length=sequence_length,
            scope=scope,
        )
        return _reversed(outputs, sequence_length), state


def _reversed(steps: Any, lengths: TensorLike | None) -> Any:
    # A list is turned whole, whatever the lengths, as in 1.15.
    if isinstance(steps, list):
        return steps[::-1]
    if lengths is None:
        return tf.reverse(steps, [0])
    # Each sequence is turned by itself: padding stays behind it.
    return tf.reverse_sequence(steps, lengths, seq_axis=0, batch_axis=1)
