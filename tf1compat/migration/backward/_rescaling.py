"""Sums of gradients that Keras keeps times the learning rate, under a schedule."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from tf1compat.keras3.index.optimizer_index import OptimizerIndex
from tf1compat.migration.layouts.chain import Chain, chain
from tf1compat.migration.layouts.kept_numbers import Scale, shortest
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning.lines import Fill

__all__ = ["rescaled"]


def rescaled(fills: Sequence[Fill], optimizer: OptimizerIndex, step: int) -> Iterator[Fill]:
    """Yields lines whose scale is that of a step: what 1.15 multiplies by the next step's rate.

    Args:
      fills: those of a plan, whose scale is that of the step at which the checkpoint was written.
      optimizer: what the model was compiled with.
      step: how many steps were taken since.
    """
    rate = optimizer.rate(step) if optimizer.scheduled else None
    for fill in fills:
        layout = parse_layout(fill.layout)
        steps = layout.steps if isinstance(layout, Chain) else (layout,)
        if rate is None or not any(isinstance(one, Scale) for one in steps):
            yield fill
            continue
        new = [Scale(-shortest(rate)) if isinstance(one, Scale) else one for one in steps]
        yield dataclasses.replace(fill, layout=str(chain(*new)))
