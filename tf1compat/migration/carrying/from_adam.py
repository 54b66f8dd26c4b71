"""Adam, and what BERT and ALBERT made of it."""

from __future__ import annotations

from tf1compat.migration.carrying.family import Family, Kept, Taker

__all__ = ["ADAM", "ADAM_WEIGHT_DECAY", "BETAS", "KEPT_BETAS", "LAMB", "LAZY_ADAM"]

KEPT_BETAS = {"beta_1": "beta1", "beta_2": "beta2"}
"""What optimizers of tf.keras keep of their settings."""
BETAS = {**KEPT_BETAS, "epsilon": "epsilon"}
"""The settings of what goes on with slots ``m`` and ``v``, by which it calls them."""
_OWN = {"m": "m", "v": "v"}
_POWERS = {"beta1_power": "beta1_power", "beta2_power": "beta2_power"}

ADAM = Family(
    "Adam",
    (("m", "v"),),
    (
        Taker("tf1compat>Adam", _OWN, BETAS, rows=True, powers=_POWERS),
        Taker(
            "keras>Adam",
            {"momentum": "m", "velocity": "v"},
            BETAS,
            {"amsgrad": False, "weight_decay": None},
        ),
    ),
    ops=("Adam", "SparseAdam"),
    called=("Adam",),
    kept=(
        Kept("Adam", "iter", _OWN, KEPT_BETAS),
        Kept("Adam", "iterations", _OWN),
        Kept("Adam", "", _OWN),
    ),
    powers={"beta1_power": "beta1", "beta2_power": "beta2"},
    dense=True,
)

# Of contrib: its slots are called as Adam's are.
LAZY_ADAM = Family(
    "LazyAdam",
    (("m", "v"),),
    (Taker("tf1compat>LazyAdam", _OWN, BETAS, rows=True, powers=_POWERS),),
    ops=("Adam", "LazyAdam"),
    called=("Adam", "LazyAdam"),
    powers={"beta1_power": "beta1", "beta2_power": "beta2"},
)

_BY_HAND = {"adam_m": "m", "adam_v": "v"}
_DECAYED = {**BETAS, "weight_decay_rate": "weight_decay_rate"}
_EXCLUDED = {"weight_decay_rate": ("exclude", "decays")}
ADAM_WEIGHT_DECAY = Family(
    "AdamWeightDecay",
    (("m", "v"),),
    (Taker("tf1compat>AdamWeightDecay", _OWN, _DECAYED, by_weight=_EXCLUDED, rows=True),),
    ops=("AdamWeightDecay",),
    by_hand=_BY_HAND,
    dense=True,
)

LAMB = Family(
    "Lamb",
    (("m", "v"),),
    (
        Taker(
            "tf1compat>Lamb",
            _OWN,
            _DECAYED,
            by_weight={**_EXCLUDED, "adapted": ("exclude_from_layer_adaptation", "adapts")},
            rows=True,
        ),
    ),
    ops=("Lamb",),
    by_hand={**_BY_HAND, "lamb_m": "m", "lamb_v": "v"},
    by_whole="adapted",
    dense=True,
)
