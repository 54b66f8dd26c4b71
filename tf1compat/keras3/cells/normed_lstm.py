"""The LSTM of 1.x with a layer norm at each gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from tf1compat.keras3.cells._shared import fresh, zero_states

__all__ = ["NormedLSTMCell"]

_EPSILON = 1e-12  # of contrib's layer_norm


@keras.saving.register_keras_serializable(package="tf1compat")
class NormedLSTMCell(keras.layers.Layer):
    """An LSTM cell that normalises each gate and its memory, as 1.15's contrib computes it.

    Mirrors ``tf.contrib.rnn.LayerNormBasicLSTMCell`` (Ba et al. 2016) without its dropout, and but
    for its ``forget_bias``, which is part of ``beta`` here. For ``keras.layers.RNN``, also in
    ``Bidirectional``. Inputs [B, D], output [B, U], states [h, c] of [B, U] in Keras' order; the
    memory that goes on is the normalised one.

    Weights: ``kernel`` [D, 4U], ``recurrent_kernel`` [U, 4U], and ``gamma`` and ``beta`` [4U] of
    the gates i, f, c, o in this order; ``state_gamma`` and ``state_beta`` [U]. There is no bias.

    Args:
      units: U.
      activation: of candidate and memory.
      recurrent_activation: of the gates.
      epsilon: added to variances.
      kernel_initializer: of both kernels.
      **kwargs: more arguments of ``keras.layers.Layer``.
    """

    def __init__(
        self,
        units: int,
        *,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        epsilon: float = _EPSILON,
        kernel_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.recurrent_activation = keras.activations.get(recurrent_activation)
        self.epsilon = epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.output_size = units
        self.state_size = [units, units]

    def build(self, input_shape: Sequence[int]) -> None:
        """Makes the weights for inputs [B, D]."""
        units = self.units
        for name, rows in (("kernel", input_shape[-1]), ("recurrent_kernel", units)):
            start, shape = fresh(self.kernel_initializer), (rows, 4 * units)
            setattr(self, name, self.add_weight(name=name, shape=shape, initializer=start))
        for before, size in (("", 4 * units), ("state_", units)):
            for name, start in ((f"{before}gamma", "ones"), (f"{before}beta", "zeros")):
                setattr(self, name, self.add_weight(name=name, shape=(size,), initializer=start))
        self.built = True

    def call(self, inputs: Any, states: Sequence[Any], training: bool = False) -> tuple[Any, Any]:
        """Returns the output [B, U] and the new states [h, c]."""
        ops, gate = keras.ops, self.recurrent_activation
        h, c = states
        product = ops.matmul(inputs, self.kernel) + ops.matmul(h, self.recurrent_kernel)
        parts = (ops.split(value, 4, axis=-1) for value in (product, self.gamma, self.beta))
        i, f, j, o = (self._normed(*part) for part in zip(*parts, strict=True))
        c = gate(f) * c + gate(i) * self.activation(j)
        c = self._normed(c, self.state_gamma, self.state_beta)
        h = gate(o) * self.activation(c)
        return h, [h, c]

    def _normed(self, value: Any, gamma: Any, beta: Any) -> Any:
        ops = keras.ops
        centered = value - ops.mean(value, axis=-1, keepdims=True)
        variance = ops.mean(ops.square(centered), axis=-1, keepdims=True)
        return centered * ops.rsqrt(variance + self.epsilon) * gamma + beta

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Returns zeros for both states."""
        return zero_states(self, batch_size)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        config = {
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "recurrent_activation": keras.activations.serialize(self.recurrent_activation),
            "epsilon": self.epsilon,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
        return {**super().get_config(), **config}
