"""Tensor2Tensor's Adafactor."""

from __future__ import annotations

from tf1compat.migration.carrying.family import Family, Taker

__all__ = ["ADAFACTOR"]

# Keras' own keeps no average of rows under a name of its weight, and multiplies otherwise.
ADAFACTOR = Family(
    "Adafactor",
    (("v",), ("vr", "vc")),
    (Taker("tf1compat>Adafactor", {"vr": "vr", "vc": "vc", "v": "v"}, rows=True),),
    called=("Adafactor",),
    by_hand={"slot_vr": "vr", "slot_vc": "vc", "slot_v": "v"},
    by_value=True,
    by_whole=True,
    dense=True,
)
