"""Adagrad of tf.keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["KerasAdagrad"]


@keras.saving.register_keras_serializable(package="tf1compat")
class KerasAdagrad(V1Optimizer):
    """Mirrors ``tf.keras.optimizers.Adagrad`` of 1.15, which adds epsilon to the root.

    tf.train's has none, and Keras 3's adds it under the root.

    Args:
      learning_rate: a number or a schedule of Keras.
      initial_accumulator_value: what the slot holds at first.
      epsilon: what is added to the root.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    settings = ("initial_accumulator_value", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def slots(self) -> Mapping[str, float]:
        """Returns the slot: the sum of squared gradients."""
        return {"accum": self.initial_accumulator_value}

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns ``var - rate * g / (sqrt(accum) + epsilon)``."""
        accum = given.slots["accum"] + given.gradient * given.gradient
        step = given.rate * given.gradient / (keras.ops.sqrt(accum) + self.epsilon)
        return given.value - step, {"accum": accum}
