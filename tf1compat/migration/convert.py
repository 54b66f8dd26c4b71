"""Carrying a plan out: into a live model, or streamed to a file."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from tf1compat.checkpoint import Entry, open_checkpoint
from tf1compat.errors import CheckpointError, CorruptCheckpointError, Problem
from tf1compat.files.manifest import Manifest, TensorDigest, tensor_digest
from tf1compat.keras3 import Weight, export_weights, index_model
from tf1compat.keras3.formats.weight_values import NotedValues, value_of
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.specs import target_specs
from tf1compat.migration.values import check_fits_checkpoint, check_same_side, value_for

__all__ = ["Conversion", "convert"]

_KEPT = 64 * 2**20  # bytes of small tensors held between checking and assigning

Progress = Callable[[str, int], None]


@dataclasses.dataclass(frozen=True)
class Conversion:
    """What was written.

    Attributes:
      plan: the plan that was carried out.
      output: path of the file, or "" for a live model.
      manifest: name (path of the weight), shape, dtype and SHA-256 of every value written.
    """

    plan: Plan
    output: str
    manifest: Manifest


def convert(
    plan: Plan,
    model: Any,
    *,
    output: str | os.PathLike[str] | None = None,
    checkpoint: Mapping[str, Entry] | None = None,
    progress: Progress | None = None,
    notes: Mapping[str, Any] = MappingProxyType({}),
) -> Conversion:
    """Fills every target of a complete plan, one tensor in memory at a time.

    Args:
      plan: a complete plan for this checkpoint and model.
      model: a built Keras model, or its :class:`~tf1compat.keras3.ModelIndex`. Weights of a model
        that :func:`tf1compat.keras3.build_model` built take no memory when `output` is given.
      output: a path to stream to, of a suffix that :data:`tf1compat.keras3.formats.OUTPUT_FORMATS`
        knows (``.weights.h5``, ``.keras``); by default the model's own weights are assigned.
      checkpoint: the open checkpoint; by default the one at the plan's prefix is opened.
      progress: called with each weight's path and its bytes after it was written.
      notes: what else the manifest is to say, values of JSON by key, such as
        ``{"proof": proof.record()}``; ``read_exported(output).notes`` gives it back.

    Returns:
      what was written, with a digest of every tensor.

    Raises:
      PlanError: if the plan isn't complete, or was made for other sources or targets.
      CorruptCheckpointError: if a source is damaged; nothing is written then, neither to the file
        nor into the model.
      OutputError: if the file can't be written; an older one still stands.
    """
    plan.require_complete()
    index = index_model(model)
    entries = open_checkpoint(plan.checkpoint) if checkpoint is None else checkpoint
    check_fits_checkpoint(plan, entries)
    check_same_side("model", plan.targets, target_specs(index))
    fills = {fill.target: fill for fill in plan.fills}
    if output is not None:
        path = os.fspath(output)
        read = NotedValues(_reader(fills, entries, progress), notes)
        return Conversion(plan, path, export_weights(index, path, read))
    known = _read_all_once(plan, entries)
    digests = []
    for path, fill in fills.items():
        made = value_for(fill, entries, known=known, initial=_initial(index[path]))
        value = value_of(index[path], lambda _, made=made: made)  # type: ignore[misc]
        index[path].variable.assign(value)
        digests.append(TensorDigest(path, value.shape, value.dtype.name, tensor_digest(value)))
        if progress is not None:
            progress(path, value.nbytes)
    return Conversion(plan, "", Manifest(tuple(digests), dict(notes)))


def _reader(
    fills: Mapping[str, Fill], entries: Mapping[str, Entry], progress: Progress | None
) -> Callable[[Weight], np.ndarray | None]:
    """Returns what gives each weight's value; None for one that keeps its own."""

    def read(weight: Weight) -> np.ndarray | None:
        fill = fills.get(weight.path)
        value = None if fill is None else value_for(fill, entries, initial=_initial(weight))
        if progress is not None:
            progress(weight.path, 0 if value is None else value.nbytes)
        return value

    return read


def _initial(weight: Weight) -> Callable[[], np.ndarray]:
    return lambda: value_of(weight, lambda _: None)


def _read_all_once(plan: Plan, entries: Mapping[str, Entry]) -> dict[str, np.ndarray]:
    """Reads every source, so that a live model is never left half filled.

    Returns the values of as many small ones as fit in the memory set aside, to be read no more.
    """
    problems: list[Problem] = []
    known: dict[str, np.ndarray] = {}
    room = _KEPT
    for name in dict.fromkeys(source for fill in plan.fills for source in fill.sources):
        wrong: list[CheckpointError] = []
        try:
            # Small ones only: a few large ones would take all the room, and save as many reads.
            if entries[name].nbytes <= room // 16:
                known[name] = entries[name].read()
                room -= known[name].nbytes
            else:
                wrong = entries[name].check()
        except CheckpointError as error:
            wrong = [error]
        problems += [Problem(name, "readable bytes", str(e), plan.checkpoint) for e in wrong]
    if problems:
        raise CorruptCheckpointError(
            "nothing was assigned; " + "; ".join(problem.found for problem in problems[:10]),
            file=plan.checkpoint,
            variable=problems[0].name,
            problems=problems,
        )
    return known
