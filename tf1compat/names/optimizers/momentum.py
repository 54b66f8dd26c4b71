"""Gradient descent with momentum, and without."""

from __future__ import annotations

from tf1compat.names.optimizers.optimizer import Optimizer

__all__ = ["MOMENTUM"]

MOMENTUM = Optimizer(
    "Momentum",
    also=("MomentumW", "Nesterov", "LARS", "SGD", "SGDW", "GradientDescent", "Rprop", "Lion"),
)
