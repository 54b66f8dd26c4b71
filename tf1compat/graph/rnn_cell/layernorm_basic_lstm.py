"""The basic LSTM with layer normalization and recurrent dropout."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.graph.rnn_cell._gate_norm import GateNorm
from tf1compat.graph.rnn_cell._sized import PairCell
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import Activation, Number, StateSize, Tensor

__all__ = ["LayerNormBasicLSTMCell"]

v1 = tf.compat.v1


class LayerNormBasicLSTMCell(PairCell):
    """LSTM with layer normalization and recurrent dropout.

    Mirrors `tf.contrib.rnn.LayerNormBasicLSTMCell` (https://arxiv.org/abs/1607.06450,
    https://arxiv.org/abs/1603.05118). Inputs [B, D], output [B, U], state `LSTMStateTuple` of
    [B, U]. Variables below the cell's scope: `kernel` [D + U, 4U] in the order i, j, f, o; with
    normalization `gamma` and `beta` [U] below `input`, `transform`, `forget`, `output` and
    `state`; without it `bias` [4U], which starts as the scope's initializer says, not at zero.

    Args:
      num_units: U.
      forget_bias: added to f at every step.
      input_size: ignored, as in TensorFlow 1.15.
      activation: function; tanh.
      layer_norm: whether to normalize.
      norm_gain: start of `gamma`.
      norm_shift: start of `beta`.
      dropout_keep_prob: float or scalar tensor, of the candidate; 1.0 drops nothing.
      dropout_prob_seed: its seed.
      reuse: True gets existing variables instead of making them.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: StateSize | None = None,
        activation: Activation = tf.tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Number = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._activation = activation
        self._forget_bias = forget_bias
        self._keep_prob = dropout_keep_prob
        self._seed = dropout_prob_seed
        self._layer_norm = layer_norm
        self._norm = GateNorm(norm_gain, norm_shift)

    def _gates(self, joined: Tensor) -> list[Tensor]:
        size = 4 * self._num_units
        kernel = get_variable("kernel", [joined.shape[-1], size], dtype=joined.dtype)
        product = tf.matmul(joined, kernel)
        if not self._layer_norm:
            # No initializer, so not zero but the scope's, Glorot uniform by default.
            bias = get_variable("bias", [size], dtype=joined.dtype)
            product = tf.nn.bias_add(product, bias)
        gates = tf.split(product, 4, axis=1)
        if not self._layer_norm:
            return gates
        # Gates i, j, f, o by contrib's words for them.
        return self._norm.each(gates, ("input", "transform", "forget", "output"))

    def call(self, inputs: Tensor, state: LSTMStateTuple) -> tuple[Tensor, LSTMStateTuple]:
        """Returns the output [B, U] and the new `LSTMStateTuple`."""
        c, h = state
        i, j, f, o = self._gates(tf.concat([inputs, h], 1))
        g = self._activation(j)
        if not isinstance(self._keep_prob, float) or self._keep_prob < 1:
            # Only the candidate: memory itself never loses a column (recurrent dropout).
            g = tf.nn.dropout(g, rate=1 - self._keep_prob, seed=self._seed)
        new_c = c * tf.sigmoid(f + self._forget_bias) + tf.sigmoid(i) * g
        if self._layer_norm:
            # Normalized memory is what the next step gets, too.
            new_c = self._norm(new_c, "state")
        new_h = self._activation(new_c) * tf.sigmoid(o)
        return new_h, LSTMStateTuple(new_c, new_h)
