"""Scalars that a training run keeps beside optimizers' own: loss scales, averages of losses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tf1compat.names.parse import AVERAGE_LEAF, COUNTER, strip_output

__all__ = ["run_state"]

# `current_loss_scale` and `good_steps` are those of `tf.train.experimental` in 1.15 (and of its
# mixed precision graph rewrite), the others those of `tf.contrib.mixed_precision` and of forks.
_LOSS_SCALE = re.compile(
    rf"(?:(?:current_|auto_|dynamic_)?loss_scale|(?:num_)?(?:good|bad)_steps)(?:{COUNTER})?"
)
# The tutorials' `ExponentialMovingAverage(0.9, name='avg').apply(losses)` averages tensors, which
# no Saver saves: what is averaged isn't in the file.
_AVERAGE = re.compile(f"(?:avg|{AVERAGE_LEAF})(?:{COUNTER})?")
_LOSS = re.compile(r"(?is)(?:.*[^a-z])?(?:losses|loss|entropy|cost|objective)(?:[^a-z].*)?")


def run_state(names: Iterable[str], scalars: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Returns the kind of each of `scalars` that is a run's, and what it is of, by bare name.

    Args:
      names: bare names of the whole file.
      scalars: those that are known to be scalars.

    >>> run_state(["total_loss/avg", "good_steps"], ["total_loss/avg", "good_steps"])
    {'total_loss/avg': ('loss_average', 'total_loss'), 'good_steps': ('loss_scale', '')}
    """
    known = {strip_output(name) for name in names}
    found: dict[str, tuple[str, str]] = {}
    for name in scalars:
        scope, _, leaf = name[-2048:].rpartition("/")
        if _LOSS_SCALE.fullmatch(leaf):
            found[name] = ("loss_scale", "")
        elif scope not in known and _AVERAGE.fullmatch(leaf) and _of_loss(scope):
            found[name] = ("loss_average", scope)
    return found


def _of_loss(path: str) -> bool:
    return _LOSS.fullmatch(path.rpartition("/")[2][:100]) is not None
