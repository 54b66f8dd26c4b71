"""Tensor2Tensor's Adafactor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["Adafactor"]


@keras.saving.register_keras_serializable(package="tf1compat")
class Adafactor(V1Optimizer):
    """Mirrors ``AdafactorOptimizer`` of Tensor2Tensor, as it is by default, without momentum.

    Shazeer and Stern 2018: a variable of several dimensions keeps averages of squares over its
    last dimension (``vr``) and over the one before (``vc``), others one of each element (``v``).
    What was one variable in 1.15 and is two here, as an LSTM's kernel, takes other steps.

    Args:
      learning_rate: a number or a schedule of Keras; None for 1.15's, ``min(1 / sqrt(step), 0.01)``
        with steps counted from 1.
      decay_exponent: averages keep ``1 - step ** -decay_exponent``.
      multiply_by_parameter_scale: whether the rate is multiplied by a variable's root mean square.
      clipping_threshold: largest root mean square of a step before the rate; None for any.
      epsilon_1: what is added to squares.
      epsilon_2: least scale of a variable.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    by_rows = False
    settings = (
        "decay_exponent",
        "multiply_by_parameter_scale",
        "clipping_threshold",
        "epsilon_1",
        "epsilon_2",
    )

    def __init__(
        self,
        learning_rate: Any = None,
        decay_exponent: float = 0.8,
        *,
        multiply_by_parameter_scale: bool = True,
        clipping_threshold: float | None = 1.0,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        **kwargs: Any,
    ) -> None:
        super().__init__(_Falling() if learning_rate is None else learning_rate, **kwargs)
        self.decay_exponent = decay_exponent
        self.multiply_by_parameter_scale = multiply_by_parameter_scale
        self.clipping_threshold = clipping_threshold
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2

    def slots(self) -> Mapping[str, float]:
        """Returns the slots: averages of squares over rows, over columns, and of each element."""
        return {"vr": 0.0, "vc": 0.0, "v": 0.0}

    def slot_shape(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """Returns the shape of a factor, or of what isn't factored."""
        factored = len(shape) >= 2
        if factored == (name == "v"):
            return None
        return {"vr": shape[:-1], "vc": (*shape[:-2], *shape[-1:]), "v": shape}[name]

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns the value less the clipped step, times the rate and the variable's scale."""
        ops, g, slots, rate = keras.ops, given.gradient, given.slots, given.rate
        keep = 1.0 - ops.power(ops.cast(self.iterations + 1, g.dtype), -self.decay_exponent)
        squares = ops.square(g) + self.epsilon_1
        if "v" in slots:
            new = {"v": keep * slots["v"] + (1.0 - keep) * squares}
            x = g * ops.rsqrt(new["v"])
        else:
            vr = keep * slots["vr"] + (1.0 - keep) * ops.mean(squares, -1)
            vc = keep * slots["vc"] + (1.0 - keep) * ops.mean(squares, -2)
            new = {"vr": vr, "vc": vc}
            r = ops.rsqrt(vr / ops.mean(vr, -1, keepdims=True))
            x = g * ops.expand_dims(r, -1) * ops.expand_dims(ops.rsqrt(vc), -2)
        if self.clipping_threshold is not None:
            x = x / ops.maximum(1.0, _rms(x) / self.clipping_threshold)
        if self.multiply_by_parameter_scale:
            rate = rate * ops.maximum(_rms(given.value), self.epsilon_2)
        return given.value - rate * x, new


@keras.saving.register_keras_serializable(package="tf1compat")
class _Falling(keras.optimizers.schedules.LearningRateSchedule):
    """1.15's rate: ``min(1 / sqrt(step), 0.01)``."""

    def __call__(self, step: Any) -> Any:
        """Returns the rate of a step, counted from 0."""
        number = keras.ops.cast(step, "float32") + 1.0
        return keras.ops.minimum(keras.ops.rsqrt(number), 0.01)

    def get_config(self) -> dict[str, Any]:
        """Returns nothing: it has no settings."""
        return {}


def _rms(x: Any) -> Any:
    return keras.ops.sqrt(keras.ops.mean(keras.ops.square(x)))
