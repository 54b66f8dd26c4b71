"""ALBERT's LAMB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import keras

from tf1compat.keras3.v1_optimizers._v1_optimizer import Given
from tf1compat.keras3.v1_optimizers.stepping_adam_weight_decay import (
    AdamWeightDecay,
    is_in_any,
)

__all__ = ["Lamb"]


@keras.saving.register_keras_serializable(package="tf1compat")
class Lamb(AdamWeightDecay):
    """Mirrors ``LAMBOptimizer`` of google-research's ALBERT (You et al. 2019).

    As :class:`AdamWeightDecay`, each variable's step made as long as the variable is; no bias
    correction, unlike ``keras.optimizers.Lamb``. As in ALBERT, what isn't decayed takes its step as
    it is, unless it is said otherwise. What was one variable in 1.15 and is two here, as an LSTM's
    kernel, takes other steps.

    Args:
      exclude_from_layer_adaptation: patterns, searched for in the paths of variables, of what takes
        its step as it is; None for those of `exclude`, () for nothing.
      **kwargs: arguments of :class:`AdamWeightDecay`.
    """

    settings: ClassVar[tuple[str, ...]] = (
        *AdamWeightDecay.settings,
        "exclude_from_layer_adaptation",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        *args: Any,
        exclude_from_layer_adaptation: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, *args, **kwargs)
        given = exclude_from_layer_adaptation
        self.exclude_from_layer_adaptation = None if given is None else tuple(given)

    def build(self, variables: Any) -> None:
        """Makes the slots of `variables`, and finds out which take what steps."""
        if not self.built:
            super().build(variables)
            self._adapted = [self.adapts(variable.path) for variable in variables]

    def adapts(self, path: str) -> bool:
        """Tells whether a variable's step is made as long as the variable, by its Keras path."""
        given = self.exclude_from_layer_adaptation
        return not is_in_any(path, self.exclude if given is None else given)

    def scaled(self, update: Any, given: Given) -> Any:
        """Returns the step, as long as the variable."""
        if not self._adapted[given.place]:
            return update
        ops = keras.ops
        own, long = ops.norm(ops.reshape(given.value, [-1])), ops.norm(ops.reshape(update, [-1]))
        safe = ops.where(long > 0, long, ops.ones_like(long))
        return ops.where((own > 0) & (long > 0), own / safe, ops.ones_like(own)) * update
