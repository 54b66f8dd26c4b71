"""Follow the regularized leader."""

from __future__ import annotations

from tf1compat.migration.carrying.family import Family, Kept, Taker

__all__ = ["FTRL"]

_STRENGTHS = {
    "l1_regularization_strength": "l1",
    "l2_regularization_strength": "l2",
    "l2_shrinkage_regularization_strength": "l2_shrinkage",
    "learning_rate_power": "power",
}
FTRL = Family(
    "Ftrl",
    (("accum", "linear"),),
    (
        Taker("tf1compat>Ftrl", {"accum": "accum", "linear": "linear"}, _STRENGTHS, rows=True),
        Taker(
            "keras>Ftrl",
            {"accumulator": "accum", "linear": "linear"},
            _STRENGTHS,
            {"beta": 0.0},
        ),
    ),
    ops=("Ftrl", "FtrlV2"),
    called=("Ftrl",),
    kept=(
        Kept(
            "Ftrl",
            "iter",
            {"accumulator": "accum", "linear": "linear"},
            {
                "l1_regularization_strength": "l1",
                "l2_regularization_strength": "l2",
                "learning_rate_power": "power",
                "beta": "beta",
            },
        ),
        Kept("Ftrl", "", {"accum": "accum", "linear": "linear"}),
    ),
    by_value=True,
)
