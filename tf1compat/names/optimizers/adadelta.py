"""Adadelta."""

from __future__ import annotations

from tf1compat.names.optimizers.optimizer import Optimizer

__all__ = ["ADADELTA"]

ADADELTA = Optimizer("Adadelta")
