"""Grid LSTMs, over time and frequency."""

from __future__ import annotations

import collections
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell._grid_features import FrequencyBlocks
from tf1compat.graph.rnn_cell._grid_step import GridBlock, GridOptions
from tf1compat.graph.rnn_cell.base import RNNCell
from tf1compat.graph.rnn_cell.state_tuple import columns, size_of, static_size
from tf1compat.graph.types import BatchSize, Initializer, State, StateSize, Tensor

__all__ = ["BidirectionalGridLSTMCell", "GridLSTMCell"]

v1 = tf.compat.v1


def _tuple_type(type_name: str, prefixes: Sequence[str], counts: Sequence[int]) -> type[Any]:
    fields = [
        f"{prefix}_f{frequency:02d}_b{block:02d}_{part}"
        for prefix in prefixes
        for block, count in enumerate(counts)
        for frequency in range(count)
        # m, as 1.15 calls the output: these names are the fields of the user's state.
        for part in ("c", "m")
    ]
    return collections.namedtuple(type_name, fields)


class GridLSTMCell(RNNCell):
    """Grid LSTM (https://arxiv.org/abs/1507.01526). Mirrors `tf.contrib.rnn.GridLSTMCell`.

    Inputs [B, D] hold F features of `feature_size` columns; output [B, 2 * F * U], over time and
    over frequency of each feature in turn. Variables below `grid_lstm_cell`, of block N:
    `W_f_N_0` (and on, by shard), `B_f_N`, the same `_t_`, and peepholes `W_F_diag_freqf_N` and
    its like. Gates i, j, f, o.

    Args:
      num_units: U.
      use_peepholes: whether the memories feed the gates.
      share_time_frequency_weights: whether both directions share weights.
      cell_clip: bound of the memories' magnitude, or None.
      initializer: ignored, as in TensorFlow 1.15: the scope's is used.
      num_unit_shards: number of variables that hold each kernel.
      forget_bias: added to f at every step.
      feature_size: depth of a feature.
      frequency_skip: columns from one feature's start to the next one's.
      num_frequency_blocks: number of features in each block; needed.
      start_freqindex_list: first column of each block; by default one block covers all.
      end_freqindex_list: column after each block.
      couple_input_forget_gates: whether f is one minus i.
      state_is_tuple: whether the state is a tuple of [B, U] (memory and output of each feature)
        or one tensor [B, 2 * F * U]; of the latter TensorFlow 1.15 reads every block's state from
        the first block's columns, and so does this.
      reuse: True gets existing variables instead of making them.

    Raises:
      UsageError: (a `ValueError`) no `num_frequency_blocks`; at the call, inputs that don't fit.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        share_time_frequency_weights: bool = False,
        cell_clip: float | None = None,
        initializer: Initializer | None = None,
        num_unit_shards: int = 1,
        forget_bias: float = 1.0,
        feature_size: int | None = None,
        frequency_skip: int | None = None,
        num_frequency_blocks: Sequence[int] | None = None,
        start_freqindex_list: Sequence[int] | None = None,
        end_freqindex_list: Sequence[int] | None = None,
        couple_input_forget_gates: bool = False,
        state_is_tuple: bool = True,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        if num_frequency_blocks is None:
            raise UsageError("Must specify num_frequency_blocks")
        counts = [int(count) for count in num_frequency_blocks]
        self._options = GridOptions(
            num_units=num_units,
            use_peepholes=use_peepholes,
            share_weights=share_time_frequency_weights,
            cell_clip=cell_clip,
            num_unit_shards=num_unit_shards,
            forget_bias=forget_bias,
            couple_gates=couple_input_forget_gates,
        )
        self._blocks = FrequencyBlocks(
            counts=counts,
            starts=start_freqindex_list or (),
            ends=end_freqindex_list or (),
            size=feature_size,
            skip=frequency_skip,
        )
        self._total_blocks = sum(counts)
        kind = _tuple_type("GridLSTMStateTuple", ["state"], counts) if state_is_tuple else None
        self._state_tuple_type = kind

    @property
    def state_tuple_type(self) -> type[Any] | None:
        """The state's named tuple, or None where the state is one tensor."""
        return self._state_tuple_type

    @property
    def state_size(self) -> StateSize:
        """U for each part of the state's tuple, or their sum."""
        units = self._options.num_units
        kind = self._state_tuple_type
        return (
            2 * units * self._total_blocks if kind is None else kind(*[units] * len(kind._fields))
        )

    @property
    def output_size(self) -> int:
        """2 * F * U."""
        return 2 * self._options.num_units * self._total_blocks

    def _states(
        self, state: Any, prefix: str, block: int, count: int
    ) -> list[tuple[Tensor, Tensor]]:
        units = self._options.num_units
        if self._state_tuple_type is None:
            return [
                (
                    columns(state, 2 * f * units, size=units),
                    columns(state, (2 * f + 1) * units, size=units),
                )
                for f in range(count)
            ]
        names = [f"{prefix}_f{frequency:02d}_b{block:02d}" for frequency in range(count)]
        return [(getattr(state, f"{name}_c"), getattr(state, f"{name}_m")) for name in names]

    def _run(
        self, blocks: list[list[Tensor]], state: State, prefix: str, batch: BatchSize
    ) -> tuple[list[Tensor], list[Tensor]]:
        outputs, states = [], []
        for index, features in enumerate(blocks):
            depth = static_size(features[0].shape, 1) or 0
            # Anew at each call: its variables are the scope's, which the cell reuses.
            block = GridBlock(self._options, index, depth=depth, dtype=features[0].dtype)
            before = self._states(state, prefix, index, len(features))
            out, new_states = block.run(features, before, batch=batch)
            outputs += out
            states += new_states
        return outputs, states

    def call(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns the output [B, 2 * F * U] and the new state, structured as `state`."""
        batch = size_of(inputs, 0)
        outputs, states = self._run(self._blocks.cut(inputs), state, "state", batch)
        kind = self._state_tuple_type
        new_state = tf.concat(states, 1) if kind is None else kind(*states)
        return tf.concat(outputs, 1), new_state


class BidirectionalGridLSTMCell(GridLSTMCell):
    """`GridLSTMCell` over frequency in both directions, with weights of their own.

    Mirrors `tf.contrib.rnn.BidirectionalGridLSTMCell`. Output [B, 4 * F * U]. Variables below
    `bidirectional_grid_lstm_cell/fwd` and `.../bwd`.

    Args:
      num_units: U.
      use_peepholes: as `GridLSTMCell`'s, like all the others but the next to last.
      share_time_frequency_weights: see there.
      cell_clip: see there.
      initializer: see there.
      num_unit_shards: see there.
      forget_bias: see there.
      feature_size: see there.
      frequency_skip: see there.
      num_frequency_blocks: see there.
      start_freqindex_list: see there.
      end_freqindex_list: see there.
      couple_input_forget_gates: see there.
      backward_slice_offset: columns by which the backward features are shifted.
      reuse: True gets existing variables instead of making them.

    Raises:
      UsageError: (a `ValueError`) no `num_frequency_blocks`; at the call, inputs that don't fit.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        share_time_frequency_weights: bool = False,
        cell_clip: float | None = None,
        initializer: Initializer | None = None,
        num_unit_shards: int = 1,
        forget_bias: float = 1.0,
        feature_size: int | None = None,
        frequency_skip: int | None = None,
        num_frequency_blocks: Sequence[int] | None = None,
        start_freqindex_list: Sequence[int] | None = None,
        end_freqindex_list: Sequence[int] | None = None,
        couple_input_forget_gates: bool = False,
        backward_slice_offset: int = 0,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(
            num_units,
            use_peepholes=use_peepholes,
            share_time_frequency_weights=share_time_frequency_weights,
            cell_clip=cell_clip,
            initializer=initializer,
            num_unit_shards=num_unit_shards,
            forget_bias=forget_bias,
            feature_size=feature_size,
            frequency_skip=frequency_skip,
            num_frequency_blocks=num_frequency_blocks,
            start_freqindex_list=start_freqindex_list,
            end_freqindex_list=end_freqindex_list,
            couple_input_forget_gates=couple_input_forget_gates,
            reuse=reuse,
        )
        self._backward_slice_offset = int(backward_slice_offset)
        self._state_tuple_type = _tuple_type(
            "BidirectionalGridLSTMStateTuple", ["fwd_state", "bwd_state"], self._blocks.counts
        )

    @property
    def output_size(self) -> int:
        """4 * F * U."""
        return 2 * super().output_size

    def call(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns the output [B, 4 * F * U] and the new state, structured as `state`."""
        batch = size_of(inputs, 0)
        forward = self._blocks.cut(inputs)
        offset = self._backward_slice_offset
        backward = self._blocks.cut(inputs, offset) if offset else forward
        # All blocks forward, then all backward: so run the outputs' columns and the state's fields.
        with v1.variable_scope("fwd"):
            outputs, states = self._run(forward, state, "fwd_state", batch)
        with v1.variable_scope("bwd"):
            # The features are turned, the states are not: state f00 is the last feature's.
            turned = [block[::-1] for block in backward]
            more_outputs, more_states = self._run(turned, state, "bwd_state", batch)
        kind: Any = self._state_tuple_type
        return tf.concat(outputs + more_outputs, 1), kind(*states, *more_states)
