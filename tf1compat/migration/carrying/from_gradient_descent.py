"""Gradient descent, with momentum and without."""

from __future__ import annotations

from tf1compat.migration.carrying.family import Family, Kept, Taker

__all__ = ["GRADIENT_DESCENT", "KERAS_MOMENTUM", "MOMENTUM"]

GRADIENT_DESCENT = Family(
    "GradientDescent",
    ((),),
    (
        Taker("tf1compat>GradientDescent", {}, rows=True),
        Taker("keras>SGD", {}, fixed={"momentum": 0.0}, rows=True),
    ),
    ops=("GradientDescent",),
    moves_rows=False,
    kept=(Kept("SGD", "iter", {}), Kept("SGD", "iterations", {})),
)

# 1.15 multiplies the sum of gradients by the rate of the step, Keras each gradient by its step's.
MOMENTUM = Family(
    "Momentum",
    (("accum",),),
    (
        Taker(
            "tf1compat>Momentum",
            {"accum": "accum"},
            {"momentum": "momentum", "use_nesterov": "nesterov"},
            rows=True,
        ),
        Taker(
            "keras>SGD",
            {"momentum": "accum"},
            {"momentum": "momentum", "nesterov": "nesterov"},
            scaled=True,
        ),
    ),
    ops=("Momentum",),
    called=("Momentum",),
    kept=(Kept("Momentum", "", {"momentum": "accum"}),),
)

# tf.keras had optimizers of its own in 1.15, whose momentum is that of Keras 3.
KERAS_MOMENTUM = Family(
    "KerasMomentum",
    (("accum",),),
    (
        Taker(
            "keras>SGD",
            {"momentum": "accum"},
            {"momentum": "momentum", "nesterov": "nesterov"},
        ),
    ),
    ops=("KerasMomentum",),
    kept=(Kept("SGD", "iter", {"momentum": "accum"}, {"momentum": "momentum"}),),
)
