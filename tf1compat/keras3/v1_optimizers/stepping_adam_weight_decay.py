"""BERT's Adam with weight decay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given, V1Optimizer
from tf1compat.names.patterns import compile_pattern

__all__ = ["AdamWeightDecay", "is_in_any"]


@keras.saving.register_keras_serializable(package="tf1compat")
class AdamWeightDecay(V1Optimizer):
    """Mirrors ``AdamWeightDecayOptimizer`` of google-research's BERT (``optimization.py``).

    Adam without bias correction; the decay is added to the step before that is multiplied by the
    learning rate. All rows of a table take each step. What isn't decayed goes by the names of the
    *Keras* variables here, as the v1 names are gone.

    Args:
      learning_rate: a number or a schedule of Keras.
      weight_decay_rate: how much of a variable is added to its step.
      beta_1: how much of the average gradient stays.
      beta_2: how much of the average square stays.
      epsilon: what is added to the root of the average square.
      exclude: patterns, searched for in the paths of variables, of what isn't
        decayed.
      **kwargs: more arguments of ``keras.optimizers.Optimizer``.
    """

    by_rows = False
    settings: ClassVar[tuple[str, ...]] = (
        "weight_decay_rate",
        "beta_1",
        "beta_2",
        "epsilon",
        "exclude",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay_rate: float = 0.01,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        *,
        epsilon: float = 1e-6,
        exclude: Sequence[str] = ("norm", "gamma", "beta", "bias"),
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.weight_decay_rate = weight_decay_rate
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.exclude = tuple(exclude)

    def slots(self) -> Mapping[str, float]:
        """Returns the slots: the averages of gradients and of their squares."""
        return {"m": 0.0, "v": 0.0}

    def build(self, variables: Any) -> None:
        """Makes the slots of `variables`, and finds out which are decayed."""
        if not self.built:
            super().build(variables)
            self._decayed = [self.decays(variable.path) for variable in variables]

    def decays(self, path: str) -> bool:
        """Tells whether a variable is decayed, by its path in Keras."""
        return bool(self.weight_decay_rate) and not is_in_any(path, self.exclude)

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns the value less the rate times the step with its decay."""
        g, slots = given.gradient, given.slots
        m = self.beta_1 * slots["m"] + (1.0 - self.beta_1) * g
        v = self.beta_2 * slots["v"] + (1.0 - self.beta_2) * keras.ops.square(g)
        update = m / (keras.ops.sqrt(v) + self.epsilon)
        if self._decayed[given.place]:
            update = update + self.weight_decay_rate * given.value
        return given.value - given.rate * self.scaled(update, given), {"m": m, "v": v}

    def scaled(self, update: Any, given: Given) -> Any:
        """Returns the step before it is multiplied by the rate."""
        return update


def is_in_any(path: str, patterns: Sequence[str]) -> bool:
    """Tells whether one of some patterns is found in a path."""
    return any(compile_pattern(one).search(path) for one in patterns)
