"""Optimizers that keep sums or averages of squares: Adagrad, Adadelta, RMSProp."""

from __future__ import annotations

from tf1compat.migration.carrying.family import Family, Kept, Taker

__all__ = ["ADADELTA", "ADAGRAD", "RMSPROP"]

ADAGRAD = Family(
    "Adagrad",
    (("accum",),),
    (
        Taker("tf1compat>Adagrad", {"accum": "accum"}, rows=True),
        # 1.15 adds no epsilon to the squares
        Taker("keras>Adagrad", {"accumulator": "accum"}, fixed={"epsilon": 0.0}),
    ),
    ops=("Adagrad",),
    called=("Adagrad",),
    kept=(Kept("Adagrad", "", {"accumulator": "accum"}),),
)

_RATES = {"rho": "rho", "epsilon": "epsilon"}
ADADELTA = Family(
    "Adadelta",
    (("accum", "accum_update"),),
    (
        Taker(
            "tf1compat>Adadelta",
            {"accum": "accum", "accum_update": "accum_update"},
            _RATES,
            rows=True,
        ),
        Taker(
            "keras>Adadelta",
            {"accumulated_grad": "accum", "accumulated_delta_var": "accum_update"},
            _RATES,
        ),
    ),
    ops=("Adadelta",),
    called=("Adadelta",),
    kept=(
        Kept(
            "Adadelta",
            "iter",
            {"accum_grad": "accum", "accum_var": "accum_update"},
            {"rho": "rho"},
        ),
        Kept("Adadelta", "", {"accum": "accum", "accum_update": "accum_update"}),
    ),
)

_MEANS = {"rms": "rms", "mg": "mg", "momentum": "momentum"}
# The slot of the average gradient is there where it is centered, that of momentum always.
RMSPROP = Family(
    "RMSProp",
    (("rms", "momentum"), ("rms", "mg", "momentum")),
    (
        Taker(
            "tf1compat>RMSProp",
            _MEANS,
            {
                "decay": "decay",
                "momentum": "momentum",
                "epsilon": "epsilon",
                "centered": "centered",
            },
            rows=True,
        ),
        Taker(
            "keras>RMSprop",
            {"velocity": "rms", "average_gradient": "mg", "momentum": "momentum"},
            {"rho": "decay", "momentum": "momentum", "epsilon": "epsilon", "centered": "centered"},
        ),
    ),
    ops=("RMSProp", "CenteredRMSProp"),
    called=("RMSProp",),
    # with a momentum, that of tf.keras is a call of the same op
    kept=(
        Kept("RMSprop", "iter", _MEANS, {"rho": "decay", "momentum": "momentum"}),
        Kept("RMSProp", "", _MEANS),
    ),
    told={"centered": "mg"},
)
