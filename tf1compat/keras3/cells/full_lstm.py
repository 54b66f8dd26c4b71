"""The LSTM of 1.x with peepholes, projection and clipping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from tf1compat.errors import UsageError
from tf1compat.keras3.cells._shared import fresh, zero_states

__all__ = ["FullLSTMCell"]


@keras.saving.register_keras_serializable(package="tf1compat")
class FullLSTMCell(keras.layers.Layer):
    """An LSTM cell with optional peepholes and projection, as 1.15's ``LSTMCell`` computes it.

    Mirrors ``tf.nn.rnn_cell.LSTMCell`` (Gers et al. 1999; Sak et al. 2014), but for its
    ``forget_bias``, which is part of the bias here as in all of Keras' cells. For
    ``keras.layers.RNN``, also in ``Bidirectional``. Inputs [B, D], output [B, P], states
    [h [B, P], c [B, U]] in Keras' order, where P is `projection_units`, else U.

    Weights: ``kernel`` [D, 4U], ``recurrent_kernel`` [P, 4U] and ``bias`` [4U], of the gates i, f,
    c, o in this order; with peepholes ``input_peephole``, ``forget_peephole`` and
    ``output_peephole`` [U]; with projection ``projection_kernel`` [U, P].

    Args:
      units: U.
      use_peepholes: whether the memory feeds the gates.
      projection_units: P, 1.15's ``num_proj``; None for no projection.
      cell_clip: bound of the memory's magnitude, None for none.
      projection_clip: bound of the projection's magnitude, 1.15's ``proj_clip``; None for none.
      activation: of candidate and memory.
      recurrent_activation: of the gates.
      kernel_initializer: of kernels, projection and peepholes.
      bias_initializer: of the bias.
      **kwargs: more arguments of ``keras.layers.Layer``.

    Raises:
      UsageError: (a `ValueError`) sizes or bounds that aren't positive, or a bound of a projection
        that there isn't.
    """

    def __init__(
        self,
        units: int,
        *,
        use_peepholes: bool = False,
        projection_units: int | None = None,
        cell_clip: float | None = None,
        projection_clip: float | None = None,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        numbers: dict[str, float | None] = {"units": units, "projection_units": projection_units}
        numbers |= {"cell_clip": cell_clip, "projection_clip": projection_clip}
        _require_positive(numbers)
        self.units = units
        self.use_peepholes = use_peepholes
        self.projection_units = projection_units
        self.cell_clip = cell_clip
        self.projection_clip = projection_clip
        self.activation = keras.activations.get(activation)
        self.recurrent_activation = keras.activations.get(recurrent_activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.output_size = units if projection_units is None else projection_units
        self.state_size = [self.output_size, units]

    def build(self, input_shape: Sequence[int]) -> None:
        """Makes the weights for inputs [B, D]."""
        units = self.units
        own = self.kernel_initializer
        self.kernel = self._weight("kernel", (input_shape[-1], 4 * units), own)
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.output_size, 4 * units), own)
        self.bias = self._weight("bias", (4 * units,), self.bias_initializer)
        if self.use_peepholes:
            self.input_peephole, self.forget_peephole, self.output_peephole = (
                self._weight(f"{gate}_peephole", (units,), own)
                for gate in ("input", "forget", "output")
            )
        if self.projection_units is not None:
            shape = (units, self.projection_units)
            self.projection_kernel = self._weight("projection_kernel", shape, own)
        self.built = True

    def _weight(self, name: str, shape: tuple[int, ...], initializer: Any) -> Any:
        return self.add_weight(name=name, shape=shape, initializer=fresh(initializer))

    def call(self, inputs: Any, states: Sequence[Any], training: bool = False) -> tuple[Any, Any]:
        """Returns the output [B, P] and the new states [h, c]."""
        ops, gate = keras.ops, self.recurrent_activation
        h, c = states
        product = ops.matmul(inputs, self.kernel) + ops.matmul(h, self.recurrent_kernel)
        i, f, j, o = ops.split(product + self.bias, 4, axis=-1)
        if self.use_peepholes:
            i = i + self.input_peephole * c
            f = f + self.forget_peephole * c
        c = _clipped(gate(f) * c + gate(i) * self.activation(j), self.cell_clip)
        if self.use_peepholes:
            o = o + self.output_peephole * c  # of the new memory, unlike the others
        h = gate(o) * self.activation(c)
        if self.projection_units is not None:
            h = _clipped(ops.matmul(h, self.projection_kernel), self.projection_clip)
        return h, [h, c]

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Returns zeros for both states."""
        return zero_states(self, batch_size)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        plain = ("units", "use_peepholes", "projection_units", "cell_clip", "projection_clip")
        config = {name: getattr(self, name) for name in plain}
        for name in ("activation", "recurrent_activation"):
            config[name] = keras.activations.serialize(getattr(self, name))
        for name in ("kernel_initializer", "bias_initializer"):
            config[name] = keras.initializers.serialize(getattr(self, name))
        return {**super().get_config(), **config}


def _clipped(value: Any, bound: float | None) -> Any:
    return value if bound is None else keras.ops.clip(value, -bound, bound)


def _require_positive(numbers: dict[str, float | None]) -> None:
    wrong = [f"{name}={value}" for name, value in numbers.items() if not _is_positive(value)]
    if numbers["projection_clip"] is not None and numbers["projection_units"] is None:
        wrong.append("projection_clip without projection_units")
    if wrong:
        raise UsageError(f"expected positive numbers: {', '.join(wrong)}")


def _is_positive(value: float | None) -> bool:
    return value is None or value > 0
