"""What 1.x's programs keep beside weights, where the model has no weights for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tf1compat.checkpoint import Checkpoint, Meta
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.planning._kinds import RANGE, RENORM
from tf1compat.migration.planning.lines import Drop
from tf1compat.names.op_types import QUANTIZING_OPS

__all__ = ["range_drops", "renorm_drops"]

_END = re.compile(r"(?P<of>.*(?:^|/|_))(?P<end>min|max)", re.DOTALL)
_OTHER = {"min": "max", "max": "min"}
_QUANTIZED = re.compile(r"(^|_)quant|quant$")


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


def range_drops(
    free: Iterable[str], checkpoint: Checkpoint, index: ModelIndex, *, graph: Meta | None
) -> Iterator[Drop]:
    """Yields drops of the ranges of quantization-aware training, `act_quant/min` and so on.

    They are what a graph gives its ``FakeQuantWithMinMaxVars``, or a pair of `min` and `max` in
    what names call a quantization, as `tf.contrib.quantize` does; a graph that trains gives them
    only to what moves them. A model that quantizes itself may have weights for them.

    Args:
      free: sources that no rule speaks of.
      checkpoint: the open checkpoint.
      index: the model's index.
      graph: the v1 graph, where there is one.
    """
    if any(_END.fullmatch(path) for path in index):
        return
    read = {*_only_quantizing(graph)} if graph else set[str]()
    for name in free:
        if name in read or _is_range(name, checkpoint):
            yield Drop(name, RANGE.because())


def _only_quantizing(graph: Meta) -> Iterator[str]:
    """Yields the variables that a graph gives to quantizations, but not as what is quantized."""
    for one in graph.variables:
        used = graph.uses.by_variable.get(one.name)
        if not used and not QUANTIZING_OPS.isdisjoint(one.consumer_op_types):
            yield one.name


def _is_range(name: str, checkpoint: Checkpoint) -> bool:
    """Tells whether names say that a variable is an end of a range that something is rounded in."""
    found = _END.fullmatch(name)
    if found is None or not _QUANTIZED.search(found["of"].rstrip("_/").rpartition("/")[2]):
        return False
    other = checkpoint.get(f"{found['of']}{_OTHER[found['end']]}")
    return other is not None and other.shape == checkpoint[name].shape
