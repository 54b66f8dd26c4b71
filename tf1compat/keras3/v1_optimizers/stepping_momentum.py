"""Gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["Momentum"]


@keras.saving.register_keras_serializable(package="tf1compat")
class Momentum(V1Optimizer):
    """Mirrors ``tf.train.MomentumOptimizer``.

    ``accum = momentum * accum + g``, ``var -= learning_rate * accum``: the learning rate is of
    this step alone. ``keras.optimizers.SGD`` keeps each gradient times the rate of its own step.

    Args:
      learning_rate: a number or a schedule of Keras.
      momentum: how much of the slot stays.
      use_nesterov: whether the step looks ahead (Sutskever et al. 2013).
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    settings = ("momentum", "use_nesterov")

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.9,
        *,
        use_nesterov: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.momentum = momentum
        self.use_nesterov = use_nesterov

    def slots(self) -> Mapping[str, float]:
        """Returns the slot: the sum of gradients."""
        return {"accum": 0.0}

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns ``var - rate * accum``, Nesterov's with ``g + momentum * accum`` in its place."""
        accum = self.momentum * given.slots["accum"] + given.gradient
        step = given.gradient + accum * self.momentum if self.use_nesterov else accum
        return given.value - given.rate * step, {"accum": accum}
