"""Follow the regularized leader."""

from __future__ import annotations

from tf1compat.names.optimizers.optimizer import Optimizer

__all__ = ["FTRL"]

FTRL = Optimizer("Ftrl", also=("FtrlProximal",))
