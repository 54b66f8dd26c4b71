"""Others, of tf.contrib.opt and of papers."""

from __future__ import annotations

from tf1compat.names.optimizers.optimizer import Optimizer

__all__ = ["CONTRIBUTED"]

CONTRIBUTED = Optimizer("PowerSign", also=("AddSign", "NovoGrad", "YellowFin", "KFAC", "Lookahead"))
