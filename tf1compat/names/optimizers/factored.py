"""Optimizers that keep factors of statistics, of other shapes than their variables."""

from __future__ import annotations

from tf1compat.names.optimizers.optimizer import Optimizer

__all__ = ["FACTORED"]

FACTORED = Optimizer("Adafactor", also=("Shampoo", "ShampooW", "SM3", "GGT"), factored=True)
