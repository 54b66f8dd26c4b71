"""RMSprop of tf.keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["KerasRMSprop"]


@keras.saving.register_keras_serializable(package="tf1compat")
class KerasRMSprop(V1Optimizer):
    """Mirrors ``tf.keras.optimizers.RMSprop`` of 1.15 without a momentum.

    Epsilon is added to the root, not under it, as tf.train's and Keras 3's do. With a momentum it
    was an op of tf.train's: :class:`RMSProp` with an epsilon of 1e-7 computes the same.

    Args:
      learning_rate: a number or a schedule of Keras.
      rho: how much of the averages stays.
      epsilon: what is added to the root.
      centered: whether the average gradient's square is subtracted.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    by_rows = False
    settings = ("rho", "epsilon", "centered")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        *,
        epsilon: float = 1e-7,
        centered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.rho = rho
        self.epsilon = epsilon
        self.centered = centered

    def slots(self) -> Mapping[str, float]:
        """Returns the slots: averages of squares and, centered, of gradients."""
        return {"rms": 0.0, **({"mg": 0.0} if self.centered else {})}

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns the value less the gradient over the root of the average square."""
        g, slots = given.gradient, given.slots
        rho = keras.ops.cast(self.rho, g.dtype)
        rms = rho * slots["rms"] + (1 - rho) * g * g
        new, spread = {"rms": rms}, rms
        if self.centered:
            new["mg"] = rho * slots["mg"] + (1 - rho) * g
            spread = rms - new["mg"] * new["mg"]
        return given.value - given.rate * g / (keras.ops.sqrt(spread) + self.epsilon), new
