"""The full LSTM with layer normalization."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.graph.rnn_cell._arithmetic import clip, lstm_step
from tf1compat.graph.rnn_cell._gate_norm import GateNorm
from tf1compat.graph.rnn_cell._linear import (
    PEEPHOLES,
    bias_variable,
    peephole_variables,
    total_depth,
)
from tf1compat.graph.rnn_cell._sized import PairCell
from tf1compat.graph.rnn_cell.base import input_depth
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import Activation, Initializer, Tensor

__all__ = ["LayerNormLSTMCell"]

v1 = tf.compat.v1


class LayerNormLSTMCell(PairCell):
    """LSTM with optional layer normalization, peepholes, clipping and projection.

    Mirrors `LayerNormLSTMCell` of `tf.contrib.rnn`'s `rnn_cell` module. Inputs [B, D], output
    [B, P], state `LSTMStateTuple`. Variables below the cell's scope: `kernel` [D + P, 4U] and
    `bias` [4U] (made but not added under normalization), in the order i, j, f, o; `gamma` and
    `beta` [U] below `input`, `transform`, `forget`, `output`, `state`; `w_f_diag`, `w_i_diag`,
    `w_o_diag` [U]; `projection/kernel` [U, P].

    Args:
      num_units: U.
      use_peepholes: whether the memory feeds the gates.
      cell_clip: bound of the memory's magnitude, or None.
      initializer: of the weights; by default the scope's.
      num_proj: P, or None for no projection.
      proj_clip: bound of the projection's magnitude, or None.
      forget_bias: added to f at every step.
      activation: function; by default tanh.
      layer_norm: whether to normalize.
      norm_gain: start of `gamma`.
      norm_shift: start of `beta`.
      reuse: True gets existing variables instead of making them.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Initializer | None = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        forget_bias: float = 1.0,
        activation: Activation | None = None,
        layer_norm: bool = False,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._forget_bias = forget_bias
        self._activation = activation or tf.tanh
        self._norm = GateNorm(norm_gain, norm_shift) if layer_norm else None

    def _gates(self, parts: list[Tensor]) -> list[Tensor]:
        size, dtype = 4 * self._num_units, parts[0].dtype
        kernel = get_variable("kernel", [total_depth(parts), size], dtype=dtype)
        product = tf.matmul(tf.concat(parts, 1), kernel)
        # Made even where normalization, whose beta serves, leaves it out: checkpoints have it.
        bias = bias_variable("bias", size, dtype=dtype)
        if self._norm is None:
            return tf.split(tf.nn.bias_add(product, bias), 4, axis=1)
        gates = tf.split(product, 4, axis=1)
        return self._norm.each(gates, ("input", "transform", "forget", "output"))

    def call(self, inputs: Tensor, state: LSTMStateTuple) -> tuple[Tensor, LSTMStateTuple]:
        """Returns the output [B, P] and the new `LSTMStateTuple`."""
        input_depth(inputs.shape)
        c, h = state
        # For all variables below, as the scope's initializer; gammas and betas bring their own.
        with v1.variable_scope(v1.get_variable_scope(), initializer=self._initializer):
            gates = self._gates([inputs, h])
            peepholes = None
            if self._use_peepholes:
                peepholes = peephole_variables(PEEPHOLES, self._num_units, dtype=inputs.dtype)
            new_c, new_h = lstm_step(
                gates,
                c,
                forget_bias=self._forget_bias,
                activation=self._activation,
                peepholes=peepholes,
                cell_clip=self._cell_clip,
                norm=self._norm,
            )
            if self._num_proj is not None:
                with v1.variable_scope("projection"):
                    shape = [self._num_units, self._num_proj]
                    kernel = get_variable("kernel", shape, dtype=inputs.dtype)
                    new_h = tf.matmul(new_h, kernel)
                new_h = clip(new_h, self._proj_clip)
        return new_h, LSTMStateTuple(new_c, new_h)
