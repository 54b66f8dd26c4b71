"""The LSTM whose input gate is one minus its forget gate."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.graph.rnn_cell._arithmetic import Peepholes, clip, lstm_output
from tf1compat.graph.rnn_cell._gate_norm import GateNorm
from tf1compat.graph.rnn_cell._sharded import concatenated_variable
from tf1compat.graph.rnn_cell._sized import PairOrJoinedCell
from tf1compat.graph.rnn_cell.base import input_depth
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import Activation, DTypeLike, Initializer, State, Tensor

__all__ = ["CoupledInputForgetGateLSTMCell"]

v1 = tf.compat.v1


class CoupledInputForgetGateLSTMCell(PairOrJoinedCell):
    """LSTM with coupled input and forget gates.

    Mirrors `tf.contrib.rnn.CoupledInputForgetGateLSTMCell` (https://arxiv.org/abs/1503.04069).
    Inputs [B, D], output [B, P]. Variables below the cell's scope: `W_0` (and on, by shard)
    [D + P, 3U] and `B` [3U], of the gates j, f, o in this order; `W_F_diag`, `W_O_diag` [U] with
    peepholes; `W_P_0` [U, P] with projection; `gamma` and `beta` [U] below `transform`,
    `forget`, `output`, `state` with normalization, which leaves `B` unused.

    Args:
      num_units: U.
      use_peepholes: whether the memory feeds the gates f and o.
      initializer: ignored, as in TensorFlow 1.15: the scope's is used.
      num_proj: P, or None for no projection.
      proj_clip: bound of the projection's magnitude, or None.
      num_unit_shards: number of variables that hold `W`.
      num_proj_shards: number of variables that hold `W_P`.
      forget_bias: added to f at every step.
      state_is_tuple: whether the state is an `LSTMStateTuple` or one tensor [B, U + P].
      activation: function; tanh.
      reuse: True gets existing variables instead of making them.
      layer_norm: whether to normalize.
      norm_gain: start of `gamma`.
      norm_shift: start of `beta`.

    Raises:
      UsageError: (a `ValueError`, at the call) inputs of unknown depth; too many shards.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        initializer: Initializer | None = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int = 1,
        num_proj_shards: int = 1,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Activation = tf.tanh,
        reuse: bool | None = None,
        layer_norm: bool = False,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation
        self._norm = GateNorm(norm_gain, norm_shift) if layer_norm else None

    def _gates(self, inputs: Tensor, h: Tensor) -> list[Tensor]:
        size, dtype = 3 * self._num_units, inputs.dtype
        shape = [input_depth(inputs.shape) + self._h_depth, size]
        kernel = concatenated_variable("W", shape, dtype=dtype, shards=self._num_unit_shards)
        # Made and stored even where normalization leaves it unused, so checkpoints have it.
        bias = get_variable("B", [size], initializer=v1.zeros_initializer(), dtype=dtype)
        product = tf.matmul(tf.concat([inputs, h], 1), kernel)
        if self._norm is None:
            return tf.split(tf.nn.bias_add(product, bias), 3, axis=1)
        gates = tf.split(product, 3, axis=1)
        return self._norm.each(gates, ("transform", "forget", "output"))

    def _peepholes(self, dtype: DTypeLike) -> Peepholes | None:
        if not self._use_peepholes:
            return None
        shape = [self._num_units]
        # No i: its gate is one minus f, peephole and all.
        f = get_variable("W_F_diag", shape, dtype=dtype)
        return Peepholes(f=f, i=None, o=get_variable("W_O_diag", shape, dtype=dtype))

    def call(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns the output [B, P] and the new state, structured as `state`."""
        c, h = self._parted(state)
        # j, f, o: three gates in the kernel, no i.
        j, f, o = self._gates(inputs, h)
        peepholes = self._peepholes(inputs.dtype)
        biased = f + self._forget_bias
        kept = tf.sigmoid(biased if peepholes is None else biased + peepholes.f * c)
        new_c = kept * c + (1 - kept) * self._activation(j)
        if self._norm is not None:
            new_c = self._norm(new_c, "state")
        new_h = lstm_output(o, new_c, activation=self._activation, peepholes=peepholes)
        if self._num_proj is not None:
            new_h = clip(tf.matmul(new_h, self._projection(inputs.dtype)), self._proj_clip)
        return new_h, self._rejoined(new_c, new_h)

    def _projection(self, dtype: DTypeLike) -> Tensor:
        shape = [self._num_units, self.output_size]
        return concatenated_variable("W_P", shape, dtype=dtype, shards=self._num_proj_shards)
