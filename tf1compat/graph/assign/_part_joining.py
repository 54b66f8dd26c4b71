"""What one variable gets from a checkpoint: a stored tensor, or parts that were stored each alone.

A Saver stores a partitioned variable under the name of the whole, in slices. Parts that it was
given by their own names (``{v.op.name: v for v in ...}``), or variables that are merely called so,
it stores as tensors of their own: ``softmax_w/part_0``, ``softmax_w/part_1``, ...
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from tf1compat.checkpoint import Checkpoint, Entry
from tf1compat.errors import CheckpointError, Problem
from tf1compat.names.parse import PART_MARK, split_part
from tf1compat.names.spec_text import spec_text

__all__ = ["StoredValue", "expand_parts_of", "stored_value", "whole_of", "with_parts"]


@dataclasses.dataclass(frozen=True)
class StoredValue:
    """A value in a checkpoint.

    Attributes:
      entries: what is stored: one variable, or the parts in order.
      axis: along which parts are joined.
    """

    entries: tuple[Entry, ...]
    axis: int = 0

    @property
    def keys(self) -> tuple[str, ...]:
        """The names that it is stored under."""
        return tuple(entry.key for entry in self.entries)

    @property
    def label(self) -> str:
        """The same in a few words."""
        keys = self.keys
        return keys[0] if len(keys) == 1 else f"{keys[0]} to {keys[-1].rpartition('/')[2]}"

    @functools.cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole."""
        shape = list(self.entries[0].shape)
        if len(self.entries) > 1:
            shape[self.axis] = sum(entry.shape[self.axis] for entry in self.entries)
        return tuple(shape)

    @property
    def dtype(self) -> np.dtype:
        """Dtype of the value; raises UnsupportedCheckpointError where it can't be read."""
        return self.entries[0].dtype

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in the checkpoint."""
        return sum(entry.nbytes for entry in self.entries)

    def read(self) -> np.ndarray:
        """Returns the value."""
        values = [entry.read() for entry in self.entries]
        return values[0] if len(values) == 1 else np.concatenate(values, self.axis)

    def check(self) -> list[CheckpointError]:
        """Returns what is wrong with the stored bytes."""
        return [error for entry in self.entries for error in entry.check()]


def with_parts(targets: Collection[str], checkpoint: Checkpoint) -> list[str]:
    """Returns `targets` and the names that parts of them may have there, for rules to aim at."""
    found = {split_part(name)[1] for name in checkpoint if PART_MARK in name}
    numbers = sorted(number for number in found if number is not None)
    parts = [f"{name}{PART_MARK}{number}" for name in targets for number in numbers]
    return list(dict.fromkeys([*targets, *parts]))


def whole_of(target: str, targets: Collection[str]) -> str:
    """Returns which of `targets` a name is meant for: itself, or that of which it is a part."""
    whole = split_part(target)[0]
    return whole if target not in targets and whole in targets else target


def expand_parts_of(rules: Mapping[str, str], checkpoint: Checkpoint) -> dict[str, str]:
    """Returns an assignment map in which a whole that is stored in parts stands for each part."""
    parts: dict[str, list[int]] = {}
    for name in checkpoint:
        whole, number = split_part(name)
        if number is not None:
            parts.setdefault(whole, []).append(number)
    expanded: dict[str, str] = {}
    for source, target in rules.items():
        if source in parts and source not in checkpoint:
            ends = [f"{PART_MARK}{number}" for number in parts[source]]
            expanded.update({f"{source}{end}": f"{target}{end}" for end in ends})
        else:
            expanded[source] = target
    return expanded


def stored_value(
    target: str,
    sources: Mapping[str, str],
    checkpoint: Checkpoint,
    *,
    shape: Sequence[int | None] | None,
) -> tuple[StoredValue | None, list[Problem]]:
    """Returns what `target` of static shape `shape` gets, or what is wrong.

    Args:
      target: the variable's name.
      sources: names of the checkpoint, by the names that rules gave them: `target` or parts of it.
      checkpoint: the checkpoint.
      shape: the variable's static shape, None where there is none.
    """
    if target in sources and len(sources) == 1:
        return StoredValue((checkpoint[sources[target]],)), []
    if target in sources:
        several = ", ".join(sources.values())
        remedy = "drop one of them with a rule"
        return None, [Problem(target, "one source", several, "checkpoint", remedy)]
    parts = {split_part(name)[1]: checkpoint[source] for name, source in sources.items()}
    entries = tuple(parts[number] for number in sorted(parts, key=lambda number: number or 0))
    lacking = [f"part_{n}" for n in range(len(entries)) if n not in parts]
    if lacking:
        found = ", ".join(entry.key for entry in entries)
        return None, [Problem(target, f"a {lacking[0]} too", found, "checkpoint")]
    axis = _axis([entry.shape for entry in entries], shape)
    if axis is None or len({entry.dtype_name for entry in entries}) > 1:
        found = ", ".join(f"{e.key} {spec_text(e.dtype_name, e.shape)}" for e in entries)
        expected = f"parts that make up shape {shape}"
        return None, [Problem(target, expected, found, "checkpoint", "nothing is reshaped")]
    return StoredValue(entries, axis), []


def _axis(shapes: Sequence[tuple[int, ...]], whole: Iterable[int | None] | None) -> int | None:
    """Returns the axis along which arrays of `shapes` make up one of shape `whole`."""
    wanted = None if whole is None else tuple(whole)
    for axis in range(len(shapes[0])):
        others = {shape[:axis] + shape[axis + 1 :] for shape in shapes}
        total = sum(shape[axis] for shape in shapes if len(shape) > axis)
        joined = (*shapes[0][:axis], total, *shapes[0][axis + 1 :])
        if len(others) == 1 and joined == wanted:
            return axis
    return None
