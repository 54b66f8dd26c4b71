"""Every check of settings, one small class a check.

To add a check, write a :class:`Check` in a file of its own and put it into the tuple here; from
outside the package, ``CHECKS.add(Mine())``.
"""

from __future__ import annotations

from tf1compat.migration.linting import (
    _of_activations,
    _of_convolutions,
    _of_norms,
    _of_recurrent_layers,
)
from tf1compat.migration.linting._asked_checks import require_check
from tf1compat.migration.linting.base import Check
from tf1compat.names.reasons import kind_names, require_kinds
from tf1compat.registry import Registry

__all__ = ["CHECKS"]


def _require(check: Check) -> None:
    require_kinds("check", check)
    require_check(check)


CHECKS: Registry[Check] = Registry(
    "check of settings",
    (
        _of_activations.Activation(),
        _of_norms.Epsilon(),
        _of_norms.Axes(),
        _of_norms.Scale(),
        _of_norms.Center(),
        _of_norms.Statistics(),
        _of_convolutions.Strides(),
        _of_convolutions.Padding(),
        _of_convolutions.Dilation(),
        _of_convolutions.DataFormat(),
        _of_recurrent_layers.ForgetBias(),
        _of_recurrent_layers.Gates(),
        _of_recurrent_layers.CellClip(),
        _of_norms.Momentum(),
        _of_activations.Dropout(),
    ),
    has={"kinds": tuple},
    methods=["concerns", "compare", "joined"],
    claims=kind_names,
    check=_require,
)
"""Every check, in the order in which findings are listed."""
