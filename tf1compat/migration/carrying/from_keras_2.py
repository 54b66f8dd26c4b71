"""Optimizers of Keras 2.11 to 2.15, whose arithmetic is that of Keras 3's.

They keep their slots as variables of their own, and of their numbers the learning rate alone.
Steps are dense: all rows of a table take each.
"""

from __future__ import annotations

from tf1compat.migration.carrying.family import Family, Kept, Taker
from tf1compat.migration.carrying.from_adam import BETAS

__all__ = ["KERAS_2"]

_DECAYED = {"weight_decay": "weight_decay"}


def _family(
    name: str,
    slots: dict[str, str],
    *settings: str,
    own: dict[str, str] | None = None,
    optional: tuple[str, ...] = (),
    told: dict[str, str] | None = None,
) -> Family:
    """Returns one whose optimizer of the same name in Keras 3 goes on with it.

    Args:
      name: what both Keras call it.
      slots: by what Keras 3 calls its slots, what Keras 2 did.
      *settings: those that no file tells.
      own: of these, those that go by another name here.
      optional: slots of which there may be some.
      told: by a setting that is on where one of these is there, the slot.
    """
    said = {one: one for one in settings} | (own or {})
    kept = {two: two for two in slots.values()}
    sets = [tuple(slot for slot in kept if slot not in optional)]
    for slot in optional:
        sets += [(*some, slot) for some in sets]
    return Family(
        f"Keras2{name}",
        tuple(sets),
        (Taker(f"keras>{name}", slots, said),),
        kept=(Kept(name, "iterations", kept),),
        told=told or {},
        dense=True,
    )


_NADAM = Family(
    "Keras2Nadam",
    (("m", "v"),),
    (
        Taker(
            "tf1compat>KerasNadam",
            {"m": "m", "v": "v"},
            BETAS,
            {"schedule_decay": 1.0},
            rows=True,
            numbers={"momentum_cache": "u_product"},
        ),
    ),
    kept=(Kept("Nadam", "iterations", {"m": "m", "v": "v"}, {"_u_product": "u_product"}),),
    dense=True,
)

_FTRL = (
    "l1_regularization_strength",
    "l2_regularization_strength",
    "l2_shrinkage_regularization_strength",
    "learning_rate_power",
    "beta",
)

KERAS_2 = (
    _family("SGD", {"momentum": "m"}, "momentum", "nesterov"),
    _family(
        "RMSprop",
        {"velocity": "velocity", "momentum": "momentum", "average_gradient": "average_gradient"},
        *("rho", "momentum", "epsilon", "centered"),
        optional=("momentum", "average_gradient"),
        told={"centered": "average_gradient"},
    ),
    _family("Adagrad", {"accumulator": "accumulator"}, "epsilon"),
    _family(
        "Adadelta",
        {
            "accumulated_grad": "accumulated_grad",
            "accumulated_delta_var": "accumulated_delta_var",
        },
        *("rho", "epsilon"),
    ),
    _family("Ftrl", {"accumulator": "accumulator", "linear": "linear"}, *_FTRL),
    _family("Adamax", {"momentum": "m", "norm": "u"}, own=BETAS),
    _family("AdamW", {"momentum": "m", "velocity": "v"}, own=BETAS | _DECAYED),
    _family("Lion", {"momentum": "m"}, *("beta_1", "beta_2"), own=_DECAYED),
    _NADAM,
)
"""All of them but Adam, which is that of 1.15."""
