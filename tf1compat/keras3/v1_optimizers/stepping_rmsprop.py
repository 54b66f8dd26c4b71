"""RMSProp, centered or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["RMSProp"]


@keras.saving.register_keras_serializable(package="tf1compat")
class RMSProp(V1Optimizer):
    """Mirrors ``tf.train.RMSPropOptimizer`` (Tieleman and Hinton 2012; Graves 2013).

    The average of squares begins with ones, not zeros as Keras' does, epsilon is under the root,
    and the learning rate goes into the momentum's slot.

    Args:
      learning_rate: a number or a schedule of Keras.
      decay: how much of the averages stays.
      momentum: how much of the last step is taken again.
      epsilon: what is added under the root.
      centered: whether the average gradient's square is subtracted.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    settings = ("decay", "momentum", "epsilon", "centered")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        decay: float = 0.9,
        momentum: float = 0.0,
        *,
        epsilon: float = 1e-10,
        centered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.decay = decay
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def slots(self) -> Mapping[str, float]:
        """Returns the slots: averages of squares and, centered, of gradients; the last step."""
        return {"rms": 1.0, **({"mg": 0.0} if self.centered else {}), "momentum": 0.0}

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns the value less the momentum."""
        g, slots = given.gradient, given.slots
        leave = 1 - keras.ops.cast(self.decay, g.dtype)
        rms = slots["rms"] + (g * g - slots["rms"]) * leave
        new, spread = {"rms": rms}, rms
        if self.centered:
            new["mg"] = slots["mg"] + (g - slots["mg"]) * leave
            spread = rms - new["mg"] * new["mg"]
        last = slots["momentum"] * self.momentum
        new["momentum"] = last + given.rate * g * keras.ops.rsqrt(spread + self.epsilon)
        return given.value - new["momentum"], new
