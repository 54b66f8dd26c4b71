"""Gradient descent, with momentum and without."""

from __future__ import annotations

from tf1compat.migration.carrying.family import Family, Taker

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
    by_hand={"momentum": "accum"},  # as a path of objects has it
    within="Momentum",
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
    by_hand={"momentum": "accum"},
    within="SGD",
)
