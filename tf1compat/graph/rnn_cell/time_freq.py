"""The LSTM over time and frequency."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.graph.rnn_cell._arithmetic import Peepholes, affine, lstm_step
from tf1compat.graph.rnn_cell._linear import peephole_variables
from tf1compat.graph.rnn_cell._sharded import concatenated_variable
from tf1compat.graph.rnn_cell.base import RNNCell, input_depth
from tf1compat.graph.rnn_cell.state_tuple import columns, size_of
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import DTypeLike, Initializer, Tensor

__all__ = ["TimeFreqLSTMCell"]

v1 = tf.compat.v1


class TimeFreqLSTMCell(RNNCell):
    """LSTM that steps over frequency within each step of time (Sainath and Li, 2016).

    Mirrors `tf.contrib.rnn.TimeFreqLSTMCell`. Inputs [B, D] hold F = (D - feature_size) /
    frequency_skip + 1 overlapping features; output [B, F * U], state [B, 2 * F * U] (memory and
    output of each frequency in turn). `state_size` says 2U and `output_size` U all the same, as
    in TensorFlow 1.15: make states of the true size where F > 1. Variables below
    `time_freq_lstm_cell`: `W_0` (and on, by shard) [feature_size + 2U, 4U] and `B` [4U], of the
    gates i, j, f, o; `W_F_diag`, `W_I_diag`, `W_O_diag` [U].

    Args:
      num_units: U.
      use_peepholes: whether the memory feeds the gates.
      cell_clip: bound of the memory's magnitude, or None.
      initializer: ignored, as in TensorFlow 1.15: the scope's is used.
      num_unit_shards: number of variables that hold `W`.
      forget_bias: added to f at every step.
      feature_size: depth of a feature.
      frequency_skip: columns from one feature's start to the next one's.
      reuse: True gets existing variables instead of making them.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth; too many shards.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Initializer | None = None,
        num_unit_shards: int = 1,
        forget_bias: float = 1.0,
        feature_size: Any = None,
        frequency_skip: int = 1,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._num_unit_shards = num_unit_shards
        self._forget_bias = forget_bias
        self._feature_size = feature_size
        self._frequency_skip = frequency_skip

    @property
    def state_size(self) -> int:
        """2U, one frequency's share."""
        return 2 * self._num_units

    @property
    def output_size(self) -> int:
        """U, one frequency's share."""
        return self._num_units

    def _features(self, inputs: Tensor) -> list[Tensor]:
        size, skip = self._feature_size, self._frequency_skip
        # Columns that fill no feature are left out without a word.
        count = int((input_depth(inputs.shape.with_rank(2)) - size) / skip) + 1
        return [columns(inputs, index * skip, size=size) for index in range(count)]

    def _variables(self, dtype: DTypeLike) -> tuple[Tensor, Tensor, Peepholes | None]:
        units = self._num_units
        shape = [self._feature_size + 2 * units, 4 * units]
        kernel = concatenated_variable("W", shape, dtype=dtype, shards=self._num_unit_shards)
        zeros = v1.zeros_initializer()
        bias = get_variable("B", [4 * units], initializer=zeros, dtype=dtype)
        if not self._use_peepholes:
            return kernel, bias, None
        names = ("W_F_diag", "W_I_diag", "W_O_diag")
        return kernel, bias, peephole_variables(names, units, dtype=dtype)

    def call(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output [B, F * U] and the new state [B, 2 * F * U]."""
        units = self._num_units
        features = self._features(inputs)
        kernel, bias, peepholes = self._variables(inputs.dtype)
        # 1.15 needs to know the batch here; a placeholder's None is no reason to fail.
        h_freq = tf.zeros([size_of(inputs, 0), units], inputs.dtype)
        outputs, states = [], []
        for index, feature in enumerate(features):
            c = columns(state, 2 * index * units, size=units)
            h = columns(state, (2 * index + 1) * units, size=units)
            # Time's output before frequency's, the order of the kernel's rows.
            gates = tf.split(affine([feature, h, h_freq], kernel, bias=bias), 4, axis=1)
            new_c, h_freq = lstm_step(
                gates,
                c,
                forget_bias=self._forget_bias,
                activation=tf.tanh,
                peepholes=peepholes,
                cell_clip=self._cell_clip,
            )
            outputs.append(h_freq)
            states += [new_c, h_freq]
        output = outputs[0] if len(outputs) == 1 else tf.concat(outputs, 1)
        return output, tf.concat(states, 1)
