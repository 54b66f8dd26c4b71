"""Adagrad and its proximal and dual-averaging forms."""

from __future__ import annotations

from tf1compat.names.optimizers.optimizer import Optimizer

__all__ = ["ADAGRAD"]

ADAGRAD = Optimizer(
    "Adagrad",
    also=(
        *("AdagradW", "AdagradDA", "ProximalAdagrad", "RegAdagrad"),
        "ProximalGradientDescent",
    ),
)
