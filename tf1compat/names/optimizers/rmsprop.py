"""RMSProp."""

from __future__ import annotations

from tf1compat.names.optimizers.optimizer import Optimizer

__all__ = ["RMSPROP"]

RMSPROP = Optimizer("RMSProp")
