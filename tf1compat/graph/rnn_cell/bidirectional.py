"""Stacks of bidirectional layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.types import (
    DTypeLike,
    RNNCellLike,
    ScopeLike,
    State,
    Tensor,
    TensorLike,
    VariableScope,
)

__all__ = ["stack_bidirectional_dynamic_rnn", "stack_bidirectional_rnn"]

v1 = tf.compat.v1


def _check(
    cells_fw: Sequence[RNNCellLike],
    cells_bw: Sequence[RNNCellLike],
    states: Mapping[str, Sequence[State] | None],
) -> None:
    for name, cells in (("fw", cells_fw), ("bw", cells_bw)):
        if not cells:
            raise UsageError(f"Must specify at least one {name} cell for BidirectionalRNN.")
    for name, cells in (("fw", cells_fw), ("bw", cells_bw)):
        # Lists only; 1.15 takes no tuple here.
        if not isinstance(cells, list):
            raise UsageError(f"cells_{name} must be a list of RNNCells (one per layer).")
    if len(cells_fw) != len(cells_bw):
        raise UsageError("Forward and Backward cells must have the same depth.")
    for name, given in states.items():
        if given is not None and (not isinstance(given, list) or len(given) != len(cells_fw)):
            raise UsageError(f"{name} must be a list of state tensors (one per layer).")


def _stacked(
    run: Callable[..., tuple[Any, Any]],
    inputs: TensorLike,
    *,
    cells: tuple[Sequence[RNNCellLike], Sequence[RNNCellLike]],
    states: Mapping[str, Sequence[State] | None],
    scope: ScopeLike,
) -> tuple[Any, ...]:
    """Feeds each layer the outputs of the one before.

    `run(cells, inputs, scope, **initial states)` gives a layer's outputs and both final states.
    """
    _check(*cells, states)
    outputs, finals = inputs, []
    # Not a default name, so not made unique: a second stack needs a scope of its own.
    with v1.variable_scope(scope or "stack_bidirectional_rnn"):
        for index, both in enumerate(zip(*cells, strict=True)):
            initial = {
                name.replace("states", "state"): given[index] if given else None
                for name, given in states.items()
            }
            with v1.variable_scope(f"cell_{index}") as cell_scope:
                outputs, final = run(both, outputs, cell_scope, **initial)
            finals.append(final)
    return outputs, *(tuple(states) for states in zip(*finals, strict=True))


def stack_bidirectional_rnn(
    cells_fw: Sequence[RNNCellLike],
    cells_bw: Sequence[RNNCellLike],
    inputs: Sequence[Tensor],
    initial_states_fw: Sequence[State] | None = None,
    initial_states_bw: Sequence[State] | None = None,
    dtype: DTypeLike | None = None,
    sequence_length: TensorLike | None = None,
    scope: ScopeLike = None,
) -> tuple[list[Tensor], tuple[State, ...], tuple[State, ...]]:
    """Unrolls layers of two directions, each on both directions' outputs of the one before.

    Mirrors `tf.contrib.rnn.stack_bidirectional_rnn` (https://arxiv.org/abs/1303.5778).
    Variables below `stack_bidirectional_rnn/cell_N/fw` and `.../bw`.

    Args:
      cells_fw: list of the forward cells, one a layer.
      cells_bw: list of the backward cells.
      inputs: list of T tensors [B, D].
      initial_states_fw: list of states, one a layer; by default zeros.
      initial_states_bw: the same, backward.
      dtype: dtype of the zeros.
      sequence_length: int32 or int64 [B]; by default T for all.
      scope: variable scope, or its name.

    Returns:
      (list of T outputs [B, U_fw + U_bw], tuple of final forward states, of backward states).

    Raises:
      UsageError: (a `ValueError`) lists that are none, empty or of different lengths.
    """

    def run(
        cells: Sequence[RNNCellLike], fed: TensorLike, cell_scope: VariableScope, **initial: Any
    ) -> tuple[Any, Any]:
        # It concatenates both directions itself, where the dynamic one hands them out apart.
        outputs, *final = v1.nn.static_bidirectional_rnn(
            *cells,
            fed,
            **initial,
            sequence_length=sequence_length,
            dtype=dtype,
            scope=cell_scope,
        )
        return outputs, final

    states = {"initial_states_fw": initial_states_fw, "initial_states_bw": initial_states_bw}
    return _stacked(run, inputs, cells=(cells_fw, cells_bw), states=states, scope=scope)


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[RNNCellLike],
    cells_bw: Sequence[RNNCellLike],
    inputs: Tensor,
    initial_states_fw: Sequence[State] | None = None,
    initial_states_bw: Sequence[State] | None = None,
    dtype: DTypeLike | None = None,
    sequence_length: TensorLike | None = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: ScopeLike = None,
    swap_memory: bool = False,
) -> tuple[Tensor, tuple[State, ...], tuple[State, ...]]:
    """Runs layers of two directions, each on both directions' outputs of the one before.

    Mirrors `tf.contrib.rnn.stack_bidirectional_dynamic_rnn`. Variables below
    `stack_bidirectional_rnn/cell_N/bidirectional_rnn/fw` and `.../bw`.

    Args:
      cells_fw: list of the forward cells, one a layer.
      cells_bw: list of the backward cells.
      inputs: [B, T, D], or [T, B, D] with `time_major`.
      initial_states_fw: list of states, one a layer; by default zeros.
      initial_states_bw: the same, backward.
      dtype: dtype of the zeros.
      sequence_length: int32 or int64 [B]; by default T for all.
      parallel_iterations: as `dynamic_rnn`'s.
      time_major: whether time is the first dimension of inputs and outputs.
      scope: variable scope, or its name.
      swap_memory: as `dynamic_rnn`'s.

    Returns:
      (outputs [B, T, U_fw + U_bw], tuple of final forward states, of backward states).

    Raises:
      UsageError: (a `ValueError`) lists that are none, empty or of different lengths.
    """

    def run(
        cells: Sequence[RNNCellLike], fed: TensorLike, cell_scope: VariableScope, **initial: Any
    ) -> tuple[Any, Any]:
        # The layer's scope isn't handed on: there is a `bidirectional_rnn` below it, as in 1.15.
        both, final = v1.nn.bidirectional_dynamic_rnn(
            *cells,
            fed,
            **initial,
            sequence_length=sequence_length,
            parallel_iterations=parallel_iterations,
            dtype=dtype,
            swap_memory=swap_memory,
            time_major=time_major,
        )
        return tf.concat(both, 2), final

    states = {"initial_states_fw": initial_states_fw, "initial_states_bw": initial_states_bw}
    return _stacked(run, inputs, cells=(cells_fw, cells_bw), states=states, scope=scope)
