"""Adam and what was made of it."""

from __future__ import annotations

from tf1compat.names.optimizers.optimizer import Optimizer

__all__ = ["ADAM"]

# AdamOptimizer keeps beta1^(t+1) and beta2^(t+1) beside its slots, as 1.15 multiplies them after a
# step; BERT's AdamWeightDecayOptimizer has neither, and names its slots by hand (kernel/adam_m).
ADAM = Optimizer(
    "Adam",
    also=(
        *("Adamax", "AdaMax", "AdamW", "AdamWeightDecay", "LazyAdam", "LazyAdamGS", "AdamGS"),
        *("Nadam", "NadamW", "RAdam", "AMSGrad", "AdaBound", "AdaBelief", "Yogi", "LAMB"),
    ),
    state=("beta1_power", "beta2_power"),
)
