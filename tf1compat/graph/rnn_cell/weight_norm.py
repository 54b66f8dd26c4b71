"""The LSTM with weight normalization."""

from __future__ import annotations

import tensorflow as tf

from tf1compat.graph.rnn_cell._arithmetic import Peepholes, affine, clip, lstm_step
from tf1compat.graph.rnn_cell._linear import (
    PEEPHOLES,
    bias_variable,
    peephole_variables,
    total_depth,
)
from tf1compat.graph.rnn_cell._sized import PairCell
from tf1compat.graph.rnn_cell.base import input_depth
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple, static_size
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import Activation, DTypeLike, Initializer, Tensor

__all__ = ["WeightNormLSTMCell"]

v1 = tf.compat.v1


class WeightNormLSTMCell(PairCell):
    """LSTM with weight normalization (https://arxiv.org/abs/1602.07868).

    Mirrors `tf.contrib.rnn`'s `WeightNormLSTMCell`. Inputs [B, D], output [B, P], state
    `LSTMStateTuple`. Variables below `wn_lstm_cell/wn_lstm_cell`: `kernel` [D + P, 4U], in the
    order i, j, f, o, its norms `norm_0` and `norm_1` [4U] for inputs and output, `bias` [4U];
    `w_f_diag`, `w_i_diag`, `w_o_diag` [U]; `projection/kernel` [U, P], `projection/norm_0` [P].

    Args:
      num_units: U.
      norm: whether to normalize the kernels.
      use_peepholes: whether the memory feeds the gates.
      cell_clip: bound of the memory's magnitude, or None.
      initializer: of the weights; by default the scope's.
      num_proj: P, or None for no projection.
      proj_clip: bound of the projection's magnitude, or None.
      forget_bias: added to f at every step.
      activation: function; by default tanh.
      reuse: True gets existing variables instead of making them.
    """

    def __init__(
        self,
        num_units: int,
        norm: bool = True,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Initializer | None = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        forget_bias: float = 1,
        activation: Activation | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        # A name, not a scope: each call's scope is below the one current then, as in 1.15.
        self._scope = "wn_lstm_cell"  # type: ignore[assignment]
        self._num_units = num_units
        self._norm = norm
        self._initializer = initializer
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._forget_bias = forget_bias
        self._activation = activation or tf.tanh

    def _kernel(self, parts: list[Tensor], size: int) -> Tensor:
        # Whole in the checkpoint, normalized part by part: `norm_0` for inputs, `norm_1` for h.
        kernel = get_variable("kernel", [total_depth(parts), size], dtype=parts[0].dtype)
        if not self._norm:
            return kernel
        normalized, start = [], 0
        with tf.control_dependencies(None):  # out of a loop over time: once is enough
            for index, part in enumerate(parts):
                stop = start + (static_size(part.shape, 1) or 0)
                # A gain for each column, which starts as the scope says, not at the norm.
                norm = get_variable(f"norm_{index}", [size], dtype=part.dtype)
                normalized.append(tf.nn.l2_normalize(kernel[start:stop, :], axis=0) * norm)
                start = stop
            return normalized[0] if len(normalized) == 1 else tf.concat(normalized, axis=0)

    def _peepholes(self, dtype: DTypeLike) -> Peepholes | None:
        if not self._use_peepholes:
            return None
        return peephole_variables(PEEPHOLES, self._num_units, dtype=dtype)

    def call(self, inputs: Tensor, state: LSTMStateTuple) -> tuple[Tensor, LSTMStateTuple]:
        """Returns the output [B, P] and the new `LSTMStateTuple`."""
        input_depth(inputs.shape.with_rank(2))
        c, h = state
        # Below the current scope, which is `wn_lstm_cell` itself: the name comes twice.
        with v1.variable_scope("wn_lstm_cell", initializer=self._initializer):
            size = 4 * self._num_units
            kernel = self._kernel([inputs, h], size)
            bias = bias_variable("bias", size, dtype=inputs.dtype)
            gates = tf.split(affine([inputs, h], kernel, bias=bias), 4, axis=1)
            new_c, new_h = lstm_step(
                gates,
                c,
                forget_bias=self._forget_bias,
                activation=self._activation,
                peepholes=self._peepholes(inputs.dtype),
                cell_clip=self._cell_clip,
            )
            if self._num_proj is not None:
                with v1.variable_scope("projection"):
                    new_h = tf.matmul(new_h, self._kernel([new_h], self._num_proj))
                new_h = clip(new_h, self._proj_clip)
        return new_h, LSTMStateTuple(new_c, new_h)
