"""ALBERT's LAMB."""

from __future__ import annotations

from typing import Any

import keras

from tf1compat.keras3.v1_optimizers.stepping_adam_weight_decay import AdamWeightDecay

__all__ = ["Lamb"]


@keras.saving.register_keras_serializable(package="tf1compat")
class Lamb(AdamWeightDecay):
    """Mirrors ``LAMBOptimizer`` of google-research's ALBERT (You et al. 2019).

    As :class:`AdamWeightDecay`, each variable's step made as long as the variable is; no bias
    correction, unlike ``keras.optimizers.Lamb``. What was one variable in 1.15 and is two here, as
    an LSTM's kernel, takes other steps.
    """

    def scaled(self, update: Any, value: Any) -> Any:
        """Returns the step, as long as the variable."""
        ops = keras.ops
        own, long = ops.norm(ops.reshape(value, [-1])), ops.norm(ops.reshape(update, [-1]))
        safe = ops.where(long > 0, long, ops.ones_like(long))
        return ops.where((own > 0) & (long > 0), own / safe, ops.ones_like(own)) * update
