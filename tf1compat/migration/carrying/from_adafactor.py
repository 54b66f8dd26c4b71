"""Tensor2Tensor's Adafactor."""

from __future__ import annotations

from tf1compat.migration.carrying.family import Family, Taker

__all__ = ["ADAFACTOR"]

# Keras' own keeps no average of rows under a name of its weight, and multiplies otherwise.
ADAFACTOR = Family(
    "Adafactor",
    (("v",), ("vr", "vc"), ("m", "v"), ("m", "vr", "vc")),
    (
        Taker(
            "tf1compat>Adafactor",
            {"m": "m", "vr": "vr", "vc": "vc", "v": "v"},
            {
                "multiply_by_parameter_scale": "multiply_by_parameter_scale",
                "clipping_threshold": "clipping_threshold",
                "beta_1": "beta1",
                "epsilon_1": "epsilon_1",
                "epsilon_2": "epsilon_2",
            },
            at_steps={"decay_rate": "decay_rate"},
            rows=True,
        ),
    ),
    ops=("Adafactor",),
    called=("Adafactor",),
    by_hand={"slot_m": "m", "slot_vr": "vr", "slot_vc": "vc", "slot_v": "v"},
    lacks={"vr": -1, "vc": -2},
    by_value=True,
    by_whole="all",
    dense=True,
)
