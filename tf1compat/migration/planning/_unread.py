"""Statistics of 1.x's norms that only training reads, where the model has no weights for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tf1compat.checkpoint import Checkpoint
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.planning._kinds import RENORM
from tf1compat.migration.planning.lines import Drop

__all__ = ["renorm_drops"]


def renorm_drops(free: Iterable[str], checkpoint: Checkpoint, index: ModelIndex) -> Iterator[Drop]:
    """Yields drops of what ``tf.layers.batch_normalization(renorm=True)`` keeps to correct by.

    Inference takes the moving mean and variance alone. A layer of the user's own may have weights
    for the others: then they are its sources.

    Args:
      free: sources that no rule speaks of.
      checkpoint: the open checkpoint.
      index: the model's index.
    """
    if any(weight.role in ("renorm", "moving_stddev") for weight in index.values()):
        return
    roles: dict[str, set[str]] = {}
    for entry in checkpoint.values():
        roles.setdefault(entry.name.scope, set()).add(entry.name.role)
    for name in free:
        found = checkpoint[name].name
        beside = roles[found.scope]
        if found.role in ("renorm", "moving_stddev") and {"renorm", "moving_variance"} <= beside:
            yield Drop(name, RENORM.because())
