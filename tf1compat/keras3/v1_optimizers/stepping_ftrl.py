"""Follow the regularized leader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer

__all__ = ["Ftrl"]


@keras.saving.register_keras_serializable(package="tf1compat")
class Ftrl(V1Optimizer):
    """Mirrors ``tf.train.FtrlOptimizer`` (McMahan et al. 2013), which computes values anew.

    A step gives a variable the value that follows from its slots, not one near the last: only rows
    with a gradient get one.

    Args:
      learning_rate: a number or a schedule of Keras.
      learning_rate_power: the exponent of the sums of squares, negated.
      initial_accumulator_value: what the sums of squares are at first.
      l1_regularization_strength: of absolute values.
      l2_regularization_strength: of squares.
      l2_shrinkage_regularization_strength: of squares, in the gradient alone.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    settings = (
        "learning_rate_power",
        "initial_accumulator_value",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        *,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength

    def slots(self) -> Mapping[str, float]:
        """Returns the slots: sums of squared gradients, and the linear term."""
        return {"accum": self.initial_accumulator_value, "linear": 0.0}

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns the value that follows from the slots."""
        ops, power, g, slots = keras.ops, -self.learning_rate_power, given.gradient, given.slots
        shrunk = g + 2 * self.l2_shrinkage_regularization_strength * given.value
        accum = slots["accum"] + g * g
        raised = ops.power(accum, power)
        sigma = (raised - ops.power(slots["accum"], power)) / given.rate
        linear = slots["linear"] + shrunk - sigma * given.value
        quadratic = raised / given.rate + 2 * self.l2_regularization_strength
        l1 = self.l1_regularization_strength
        value = (ops.clip(linear, -l1, l1) - linear) / quadratic
        return value, {"accum": accum, "linear": linear}
