"""Adam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["Adam"]


@keras.saving.register_keras_serializable(package="tf1compat")
class Adam(V1Optimizer):
    """Mirrors ``tf.train.AdamOptimizer`` (Kingma and Ba 2015), epsilon beside the plain root.

    It keeps ``beta1_power`` and ``beta2_power``, ``beta ** (steps + 1)``, beside `iterations`, as
    1.15 does: steps may have been counted from elsewhere. A gradient of a few rows moves all rows,
    as in 1.15.

    Args:
      learning_rate: a number or a schedule of Keras.
      beta_1: how much of the average gradient stays, 1.15's ``beta1``.
      beta_2: how much of the average square stays, 1.15's ``beta2``.
      epsilon: what is added to the root of the average square.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    by_rows = False
    settings = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        *,
        epsilon: float = 1e-8,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def slots(self) -> Mapping[str, float]:
        """Returns the slots: the averages of gradients and of their squares."""
        return {"m": 0.0, "v": 0.0}

    def build(self, variables: Any) -> None:
        """Makes the slots of `variables`, and both powers."""
        if self.built:
            return
        super().build(variables)
        self._powers = [
            self.add_variable((), initializer=keras.initializers.Constant(beta), name=name)
            for name, beta in (("beta1_power", self.beta_1), ("beta2_power", self.beta_2))
        ]

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Takes a step on all variables, and then on the powers."""
        super().apply(grads, trainable_variables)
        for power, beta in zip(self._powers, (self.beta_1, self.beta_2), strict=True):
            power.assign(power * beta)

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns the value less the bias-corrected step."""
        ops, g, slots = keras.ops, given.gradient, given.slots
        powers = [ops.cast(power, g.dtype) for power in self._powers]
        alpha = given.rate * ops.sqrt(1 - powers[1]) / (1 - powers[0])
        # in single precision, 1 - 0.999 is 1e-5 less than 0.001
        leave = [1 - ops.cast(beta, g.dtype) for beta in (self.beta_1, self.beta_2)]
        m = slots["m"] + (g - slots["m"]) * leave[0]
        v = slots["v"] + (g * g - slots["v"]) * leave[1]
        return given.value - m * alpha / (ops.sqrt(v) + self.epsilon), {"m": m, "v": v}
