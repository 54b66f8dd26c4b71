"""Optimizers of tf.keras in 1.15, and of its ``optimizers.legacy``, that compute something else.

Those that compute what tf.train's do are beside these: Adam, Adadelta, Ftrl, RMSProp with momentum.
"""

from __future__ import annotations

from tf1compat.migration.carrying.family import Family, Kept, Taker
from tf1compat.migration.carrying.from_adam import BETAS, KEPT_BETAS

__all__ = ["KERAS_ADAGRAD", "KERAS_ADAMAX", "KERAS_AMSGRAD", "KERAS_NADAM", "KERAS_RMSPROP"]

_BESIDE = ("epsilon is added to the root", "under the root")

KERAS_AMSGRAD = Family(
    "KerasAMSGrad",
    (("m", "v", "vhat"),),
    (
        Taker(
            "keras>Adam",
            {"momentum": "m", "velocity": "v", "velocity_hat": "vhat"},
            BETAS,
            {"amsgrad": True, "weight_decay": None},
        ),
    ),
    kept=(
        Kept("Adam", "iter", {"m": "m", "v": "v", "vhat": "vhat"}, KEPT_BETAS),
        Kept("Adam", "iterations", {"m": "m", "v": "v", "vhat": "vhat"}),
    ),
    dense=True,
)

# Without a momentum, steps are plain ops; all rows of the averages move, and of the variable those
# with a gradient.
KERAS_RMSPROP = Family(
    "KerasRMSprop",
    (("rms",), ("rms", "mg")),
    (
        Taker(
            "tf1compat>KerasRMSprop",
            {"rms": "rms", "mg": "mg"},
            {"rho": "decay", "epsilon": "epsilon", "centered": "centered"},
            rows=True,
        ),
        Taker(
            "keras>RMSprop",
            {"velocity": "rms", "average_gradient": "mg"},
            {"rho": "decay", "epsilon": "epsilon", "centered": "centered"},
            {"momentum": 0.0},
            otherwise=_BESIDE,
        ),
    ),
    kept=(Kept("RMSprop", "iter", {"rms": "rms", "mg": "mg"}, {"rho": "decay"}),),
    told={"centered": "mg"},
    dense=True,
)

KERAS_ADAGRAD = Family(
    "KerasAdagrad",
    (("accum",),),
    (
        Taker("tf1compat>KerasAdagrad", {"accum": "accum"}, {"epsilon": "epsilon"}, rows=True),
        Taker("keras>Adagrad", {"accumulator": "accum"}, {"epsilon": "epsilon"}, otherwise=_BESIDE),
    ),
    kept=(Kept("Adagrad", "iter", {"accumulator": "accum"}),),
)

KERAS_ADAMAX = Family(
    "KerasAdamax",
    (("m", "v"),),
    (Taker("keras>Adamax", {"momentum": "m", "norm": "v"}, BETAS),),
    kept=(Kept("Adamax", "iter", {"m": "m", "v": "v"}, KEPT_BETAS),),
)

# Keras 3's has 0.96 ** step in its schedule, and keeps the product of it in no file.
KERAS_NADAM = Family(
    "KerasNadam",
    (("m", "v"),),
    (
        Taker(
            "tf1compat>KerasNadam",
            {"m": "m", "v": "v"},
            BETAS | {"schedule_decay": "schedule_decay"},
            numbers={"momentum_cache": "momentum_cache"},
        ),
    ),
    kept=(
        Kept(
            "Nadam",
            "iter",
            {"m": "m", "v": "v"},
            # its rate doesn't fall, whatever is called `decay`
            {**KEPT_BETAS, "decay": "schedule_decay", "momentum_cache": "momentum_cache"},
        ),
    ),
)
