"""Adagrad."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["Adagrad"]


@keras.saving.register_keras_serializable(package="tf1compat")
class Adagrad(V1Optimizer):
    """Mirrors ``tf.train.AdagradOptimizer`` (Duchi et al. 2011), which has no epsilon.

    ``accum += g * g``, ``var -= learning_rate * g / sqrt(accum)``.

    Args:
      learning_rate: a number or a schedule of Keras.
      initial_accumulator_value: what the slot holds at first.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    settings = ("initial_accumulator_value",)

    def __init__(
        self, learning_rate: Any = 0.01, initial_accumulator_value: float = 0.1, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value = initial_accumulator_value

    def slots(self) -> Mapping[str, float]:
        """Returns the slot: the sum of squared gradients."""
        return {"accum": self.initial_accumulator_value}

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns ``var - rate * g / sqrt(accum)``."""
        accum = given.slots["accum"] + given.gradient * given.gradient
        step = given.rate * given.gradient / keras.ops.sqrt(accum)
        return given.value - step, {"accum": accum}
