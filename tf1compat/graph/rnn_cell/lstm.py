"""The full LSTM: peepholes, clipping, projection, partitioned weights."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf1compat.graph.initializers import resolve_initializer
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.rnn_cell._arithmetic import Peepholes, affine, clip, lstm_step
from tf1compat.graph.rnn_cell._config import initializer_config
from tf1compat.graph.rnn_cell._default_activation import activation_name, resolve_activation
from tf1compat.graph.rnn_cell._linear import PEEPHOLES
from tf1compat.graph.rnn_cell._sized import LayerPairOrJoinedCell
from tf1compat.graph.rnn_cell.base import check_floating, input_depth
from tf1compat.graph.types import (
    ActivationLike,
    DTypeLike,
    InitializerLike,
    Partitioner,
    ScopeLike,
    ShapeLike,
    State,
    Tensor,
)

__all__ = ["LSTMCell"]

v1 = tf.compat.v1


def _shards(count: int | None) -> Partitioner | None:
    # Parts `kernel/part_0` and so on, not contrib's `W_0`.
    return None if count is None else v1.fixed_size_partitioner(count)


class LSTMCell(LayerPairOrJoinedCell):
    """LSTM with optional peepholes, clipping and projection. Mirrors `tf.nn.rnn_cell.LSTMCell`.

    After Gers et al. (1999), Sak et al. (2014) for peepholes and projection. Inputs [B, D],
    output [B, P] where P is `num_proj`, else U. Variables below the cell's scope: `kernel`
    [D + P, 4U] and `bias` [4U], of the gates i, j, f, o in this order; with peepholes `w_f_diag`,
    `w_i_diag`, `w_o_diag` [U]; with projection `projection/kernel` [U, P]. `forget_bias` is added
    to f at every step and is no part of `bias`.

    Args:
      num_units: U.
      use_peepholes: whether the memory feeds the gates.
      cell_clip: bound of the memory's magnitude, or None.
      initializer: for kernels and peepholes; by default the variable scope's.
      num_proj: P, or None for no projection.
      proj_clip: bound of the projection's magnitude, or None.
      num_unit_shards: splits `kernel` into this many `kernel/part_N`; a partitioner on the
        variable scope is the better way.
      num_proj_shards: the same for `projection/kernel`.
      forget_bias: see above; 0.0 for weights that CudnnLSTM trained.
      state_is_tuple: whether the state is an `LSTMStateTuple` (c [B, U], h [B, P]) or one tensor
        [B, U + P].
      activation: function or Keras name; by default tanh.
      reuse: True gets existing variables instead of making them.
      name: name of the variable scope; by default `lstm_cell`.
      dtype: dtype of the variables; by default the first input's.
      **kwargs: more arguments of `Layer`, such as `trainable`.

    Raises:
      UsageError: (a `ValueError`) a dtype that isn't floating point; inputs of unknown depth.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: InitializerLike = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: ActivationLike = None,
        reuse: bool | None = None,
        name: ScopeLike = None,
        dtype: DTypeLike | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_floating(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = resolve_initializer(initializer)
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = resolve_activation(activation)

    def build(self, inputs_shape: ShapeLike) -> None:
        """Makes the variables for inputs [B, D]."""
        units = self._num_units
        self._kernel = self.add_weight(
            "kernel",
            [self._floating_build(inputs_shape) + self._h_depth, 4 * units],
            initializer=self._initializer,
            partitioner=_shards(self._num_unit_shards),
        )
        # Its partitioner is the scope's: unlike contrib's cells, this one splits the bias as well.
        self._bias = self.add_weight("bias", [4 * units], initializer=v1.zeros_initializer())
        self._peepholes = None
        if self._use_peepholes:
            # f, i, o: neither the gates' order nor the block cells'.
            own = self._initializer
            self._peepholes = Peepholes(
                *(self.add_weight(name, [units], initializer=own) for name in PEEPHOLES)
            )
        if self._num_proj is not None:
            self._proj_kernel = self.add_weight(
                # One variable below a scope of that name; a projection has no bias.
                "projection/kernel",
                [units, self._num_proj],
                initializer=self._initializer,
                partitioner=_shards(self._num_proj_shards),
            )
        self.built = True

    def call(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns the output [B, P] and the new state, structured as `state`."""
        check_floating(inputs, state)
        input_depth(inputs.shape)
        c, h = self._parted(state)
        gates = tf.split(affine([inputs, h], self._kernel, bias=self._bias), 4, axis=1)
        new_c, new_h = lstm_step(
            gates,
            c,
            forget_bias=self._forget_bias,
            activation=self._activation,
            peepholes=self._peepholes,
            cell_clip=self._cell_clip,
        )
        if self._num_proj is not None:
            # Clipping is of the projected output only; without one `proj_clip` means nothing.
            new_h = clip(tf.matmul(new_h, self._proj_kernel), self._proj_clip)
        return new_h, self._rejoined(new_c, new_h)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        names = (
            "num_units use_peepholes cell_clip num_proj proj_clip num_unit_shards "
            "num_proj_shards forget_bias state_is_tuple reuse"
        )
        config = {name: getattr(self, f"_{name}") for name in names.split()}
        config["initializer"] = initializer_config(self._initializer)
        config["activation"] = activation_name(self._activation)
        return super().get_config() | config
