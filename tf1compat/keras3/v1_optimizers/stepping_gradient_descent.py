"""Gradient descent."""

from __future__ import annotations

from typing import Any

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["GradientDescent"]


@keras.saving.register_keras_serializable(package="tf1compat")
class GradientDescent(V1Optimizer):
    """Mirrors ``tf.train.GradientDescentOptimizer``: ``var -= learning_rate * g``.

    Args:
      learning_rate: a number or a schedule of Keras.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    def __init__(self, learning_rate: Any = 0.01, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns ``var - rate * g``."""
        return given.value - given.rate * given.gradient, {}
