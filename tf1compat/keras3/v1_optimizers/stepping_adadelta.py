"""Adadelta."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["Adadelta"]


@keras.saving.register_keras_serializable(package="tf1compat")
class Adadelta(V1Optimizer):
    """Mirrors ``tf.train.AdadeltaOptimizer`` (Zeiler 2012).

    Args:
      learning_rate: a number or a schedule of Keras.
      rho: how much of both averages stays.
      epsilon: what is added to both, under the root.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    settings = ("rho", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-8,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.rho = rho
        self.epsilon = epsilon

    def slots(self) -> Mapping[str, float]:
        """Returns the slots: the averages of squared gradients and of squared updates."""
        return {"accum": 0.0, "accum_update": 0.0}

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns the value less the rate times the gradient, scaled by both averages."""
        ops, g, last = keras.ops, given.gradient, given.slots["accum_update"]
        rho = ops.cast(self.rho, g.dtype)
        accum = rho * given.slots["accum"] + (1 - rho) * g * g
        update = ops.sqrt(last + self.epsilon) * ops.rsqrt(accum + self.epsilon) * g
        new = {"accum": accum, "accum_update": rho * last + (1 - rho) * update * update}
        return given.value - given.rate * update, new
