"""Every check of settings, one small class a check.

To add a check, write a :class:`Check` in a file of its own and put it into the tuple here; from
outside the package, ``CHECKS.add(Mine())``.
"""

from __future__ import annotations

from tf1compat.migration.linting import (
    of_activations,
    of_convolutions,
    of_norms,
    of_recurrent_layers,
)
from tf1compat.migration.linting.base import Check
from tf1compat.registry import Registry

__all__ = ["CHECKS"]

CHECKS: Registry[Check] = Registry(
    "check of settings",
    (
        of_activations.Activation(),
        of_norms.Epsilon(),
        of_norms.Axes(),
        of_norms.Scale(),
        of_norms.Center(),
        of_norms.Statistics(),
        of_convolutions.Strides(),
        of_convolutions.Padding(),
        of_convolutions.Dilation(),
        of_convolutions.DataFormat(),
        of_recurrent_layers.ForgetBias(),
        of_norms.Momentum(),
        of_activations.Dropout(),
    ),
    has={"kinds": tuple},
    methods=["concerns", "compare", "joined"],
)
"""Every check, in the order in which findings are listed."""
