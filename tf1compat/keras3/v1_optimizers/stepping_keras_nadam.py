"""Nadam of tf.keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["KerasNadam"]


@keras.saving.register_keras_serializable(package="tf1compat")
class KerasNadam(V1Optimizer):
    """Mirrors ``tf.keras.optimizers.Nadam`` of 1.15 (Dozat 2016).

    The momentum of a step is ``beta_1 * (1 - 0.5 * 0.96 ** (schedule_decay * step))``. Keras 2.11
    and later have no such setting and compute what 1.0 does. The product of these momentums is a
    variable of it, ``momentum_cache``; Keras 3's Nadam keeps it in no file, and goes on wrongly.

    Args:
      learning_rate: a number or a schedule of Keras.
      beta_1: how much of the average gradient stays.
      beta_2: how much of the average square stays.
      epsilon: what is added to the root of the average square.
      schedule_decay: how fast the momentum grows to `beta_1`.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    by_rows = False
    settings = ("beta_1", "beta_2", "epsilon", "schedule_decay")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        *,
        epsilon: float = 1e-7,
        schedule_decay: float = 0.004,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.schedule_decay = schedule_decay

    def slots(self) -> Mapping[str, float]:
        """Returns the slots: the averages of gradients and of their squares."""
        return {"m": 0.0, "v": 0.0}

    def build(self, variables: Any) -> None:
        """Makes the slots of `variables`, and the product of momentums."""
        if self.built:
            return
        super().build(variables)
        one = keras.initializers.Constant(1.0)
        self._momentum_cache = self.add_variable((), initializer=one, name="momentum_cache")

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Takes a step on all variables, and then one of the product of momentums."""
        if not self.built and trainable_variables is not None:
            self.build(trainable_variables)
        product = self._momentum_cache * self._momentum(1, self._momentum_cache.dtype)
        super().apply(grads, trainable_variables)
        self._momentum_cache.assign(product)

    def _momentum(self, later: int, dtype: str) -> Any:
        """Returns the momentum so many steps from the last one."""
        number = keras.ops.cast(self.iterations + later, dtype)
        decayed = keras.ops.power(keras.ops.cast(0.96, dtype), self.schedule_decay * number)
        return keras.ops.cast(self.beta_1, dtype) * (1 - 0.5 * decayed)

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns the value less the step with the momentum of the next one."""
        ops, g, slots = keras.ops, given.gradient, given.slots
        dtype = keras.backend.standardize_dtype(g.dtype)
        now, after = self._momentum(1, dtype), self._momentum(2, dtype)
        product = ops.cast(self._momentum_cache, dtype) * now
        beta_1, beta_2 = (ops.cast(beta, dtype) for beta in (self.beta_1, self.beta_2))
        m = beta_1 * slots["m"] + (1 - beta_1) * g
        v = beta_2 * slots["v"] + (1 - beta_2) * g * g
        ahead = (1 - now) * (g / (1 - product)) + after * (m / (1 - product * after))
        root = ops.sqrt(v / (1 - ops.power(beta_2, ops.cast(self.iterations + 1, dtype))))
        return given.value - given.rate * ahead / (root + self.epsilon), {"m": m, "v": v}
