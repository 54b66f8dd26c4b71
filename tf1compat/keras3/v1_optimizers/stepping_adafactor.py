"""Tensor2Tensor's Adafactor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.errors import UsageError
from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["Adafactor"]

_MOST_AXES = {"all": math.inf, "matrices": 2, "none": 0}


@keras.saving.register_keras_serializable(package="tf1compat")
class Adafactor(V1Optimizer):
    """Mirrors ``AdafactorOptimizer`` of Tensor2Tensor (Shazeer and Stern 2018).

    A variable of several dimensions keeps averages of squares over its last dimension (``vr``) and
    over the one before (``vc``), others one of each element (``v``); with momentum, all keep the
    average step (``m``).
    What was one variable in 1.15 and is two here, as an LSTM's kernel, takes other steps.

    Args:
      learning_rate: a number or a schedule of Keras; None for Tensor2Tensor's,
        ``min(1 / sqrt(step), 0.01)`` with steps counted from 1, of which a 20th where it isn't
        multiplied by the scale.
      decay_exponent: averages keep ``1 - step ** -decay_exponent``, unless `beta_2` is given.
      beta_1: how much of the average step stays; 0.0 for no momentum.
      beta_2: averages keep ``beta_2 * (1 - beta_2 ** (step - 1)) / (1 - beta_2 ** step)``, as
        ``adafactor_decay_rate_adam`` has it; None for powers of the step.
      factored: what is factored: ``"all"`` of two dimensions and more, ``"matrices"`` alone, as
        Tensor2Tensor had it before 1.9, or ``"none"``.
      multiply_by_parameter_scale: whether the rate is multiplied by a variable's root mean square.
      clipping_threshold: largest root mean square of a step before the rate; None for any.
      epsilon_1: what is added to squares.
      epsilon_2: least scale of a variable.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    by_rows = False
    whole_slots = frozenset({"vc"})
    settings = (
        "decay_exponent",
        "beta_1",
        "beta_2",
        "factored",
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
        beta_1: float = 0.0,
        beta_2: float | None = None,
        factored: str = "all",
        multiply_by_parameter_scale: bool = True,
        clipping_threshold: float | None = 1.0,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        **kwargs: Any,
    ) -> None:
        if factored not in _MOST_AXES:
            raise UsageError(
                f"factored: expected one of {', '.join(_MOST_AXES)}, found {factored!r}"
            )
        own = _Falling(1.0 if multiply_by_parameter_scale else 0.05)
        super().__init__(own if learning_rate is None else learning_rate, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.factored = factored
        self.decay_exponent = decay_exponent
        self.multiply_by_parameter_scale = multiply_by_parameter_scale
        self.clipping_threshold = clipping_threshold
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2

    def slots(self) -> Mapping[str, float]:
        """Returns the slots: averages of squares over rows, columns, of each element; of steps."""
        return {"vr": 0.0, "vc": 0.0, "v": 0.0, **({"m": 0.0} if self.beta_1 else {})}

    def slot_shape(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """Returns the shape of a factor, or of what isn't factored."""
        if name == "m":
            return shape
        factored = 2 <= len(shape) <= _MOST_AXES[self.factored]
        if factored == (name == "v"):
            return None
        return {"vr": shape[:-1], "vc": (*shape[:-2], *shape[-1:]), "v": shape}[name]

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns the value less the clipped step, times the rate and the variable's scale."""
        ops, g, slots, rate = keras.ops, given.gradient, given.slots, given.rate
        keep = self._decay(ops.cast(self.iterations + 1, g.dtype))
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
        x = rate * x
        if self.beta_1:
            x = new["m"] = self.beta_1 * slots["m"] + (1.0 - self.beta_1) * x
        return given.value - x, new

    def _decay(self, number: Any) -> Any:
        """Returns how much of the averages stays at a step, counted from 1."""
        if self.beta_2 is None:
            return 1.0 - keras.ops.power(number, -self.decay_exponent)
        before, now = (1.0 - keras.ops.power(self.beta_2, n) for n in (number - 1.0, number))
        return self.beta_2 * before / now

    def decay_rate(self, step: int) -> float:
        """Returns how much of the averages stays at a step, counted from 0."""
        number = keras.ops.convert_to_tensor(step + 1.0, "float32")
        return float(keras.ops.convert_to_numpy(self._decay(number)))


@keras.saving.register_keras_serializable(package="tf1compat")
class _Falling(keras.optimizers.schedules.LearningRateSchedule):
    """Tensor2Tensor's rate: ``min(1 / sqrt(step), 0.01)``, or a part of it."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def __call__(self, step: Any) -> Any:
        """Returns the rate of a step, counted from 0."""
        number = keras.ops.cast(step, "float32") + 1.0
        return keras.ops.minimum(keras.ops.rsqrt(number), 0.01) * self.scale

    def get_config(self) -> dict[str, Any]:
        """Returns its settings."""
        return {"scale": self.scale}


def _rms(x: Any) -> Any:
    return keras.ops.sqrt(keras.ops.mean(keras.ops.square(x)))
