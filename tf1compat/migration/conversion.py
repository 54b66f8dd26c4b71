"""Carrying a plan out: into a live model, or streamed to a file."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from tf1compat.checkpoint import Entry, open_checkpoint
from tf1compat.checkpoint.read_files import files_of
from tf1compat.errors import CheckpointError, CorruptCheckpointError, PlanError, Problem
from tf1compat.files.manifest import Manifest, TensorDigest, tensor_digest
from tf1compat.keras3 import Weight, export_weights, index_model
from tf1compat.keras3.formats.weight_values import NotedValues, value_of
from tf1compat.keras3.index.optimizer_index import index_optimizer
from tf1compat.migration.layouts import parse_layout
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.originals import unlike_originals
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.specs import target_specs
from tf1compat.migration.training_targets import targets_of
from tf1compat.migration.values import check_fits_checkpoint, check_same_side, value_for
from tf1compat.printable import printable_name
from tf1compat.stopping import SIGNALS, stoppable

if TYPE_CHECKING:
    from tf1compat.keras3.formats import OutputFormat

__all__ = ["Conversion", "convert"]

_KEPT = 64 * 2**20  # bytes of small tensors held between checking and assigning

Progress = Callable[[str, int], None]


@dataclasses.dataclass(frozen=True, repr=False)
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

    def __str__(self) -> str:
        where = self.output or f"the model {self.plan.model!r}"
        told = f"{self.manifest.summary()} went into {where}, from {self.plan.checkpoint}"
        kept = f"{len(self.plan.keeps)} weights keep their values"
        return printable_name(told + f"; {kept}" * bool(self.plan.keeps))

    def __repr__(self) -> str:
        return f"<Conversion: {self}>"


@stoppable(SIGNALS[:1])  # once for all that is asked within
def convert(
    plan: Plan,
    model: Any,
    *,
    output: str | os.PathLike[str] | None = None,
    output_format: str | OutputFormat | None = None,
    checkpoint: Mapping[str, Entry] | None = None,
    progress: Progress | None = None,
    notes: Mapping[str, Any] = MappingProxyType({}),
) -> Conversion:
    """Fills every target of a complete plan, one tensor in memory at a time.

    So are the variables of its optimizer, where the plan has lines of it: of a live model in
    ``model.optimizer``, in a file where Keras puts them.

    Args:
      plan: a complete plan for this checkpoint and model.
      model: a built Keras model, or its :class:`~tf1compat.keras3.ModelIndex`. Weights of a model
        that :func:`tf1compat.keras3.build_model` built take no memory when `output` is given.
      output: a path to stream to, of a suffix that :data:`tf1compat.keras3.formats.OUTPUT_FORMATS`
        knows (``.weights.h5``, ``.keras``); by default the model's own weights are assigned.
      output_format: the format, or its name, where the suffix doesn't tell or it has options.
      checkpoint: the open checkpoint; by default the one at the plan's prefix is opened.
      progress: called with each weight's path and its bytes after it was written. If it raises,
        no file is left, but a live model keeps what was assigned before.
      notes: what else the manifest is to say, values of JSON by key, such as
        ``{"proof": proof.record()}``; ``read_exported(output).notes`` gives it back, and
        ``plan_sha256`` with it, the plan's :meth:`~tf1compat.migration.Plan.digest`.

    Returns:
      what was written, with a digest of every tensor.

    Raises:
      PlanError: if the plan isn't complete, or was made for other sources or targets, or drops
        as a copy what isn't one in this checkpoint.
      CorruptCheckpointError: if a source is damaged; nothing is written then, neither to the file
        nor into the model.
      OutputError: if the file can't be written, or doesn't hold what was written when it is read
        back; an older one still stands.
      UsageError: if `output` is a file of the checkpoint or of a layout, by whatever link.
    """
    plan.require_complete()
    index = index_model(model)
    weights = targets_of(plan, index)
    entries = open_checkpoint(plan.checkpoint) if checkpoint is None else checkpoint
    check_fits_checkpoint(plan, entries)
    check_same_side("model", plan.targets, target_specs(index))
    if unlike := list(unlike_originals(plan.drops, entries)):
        raise PlanError.from_problems("sources that were dropped as copies are none:", unlike)
    fills = {fill.target: fill for fill in plan.all_fills}
    if output is not None:
        path = os.fspath(output)
        sources = {target: fill.sources for target, fill in fills.items()}
        noted = {"plan_sha256": plan.digest(), **notes}
        read = NotedValues(
            _reader(fills, entries, progress),
            noted,
            sources=sources,
            optimizer=None if plan.training is None else index_optimizer(index),
        )
        used = {path for fill in plan.fills for path in parse_layout(fill.layout).files()}
        written = export_weights(
            index, path, read, output_format=output_format, inputs=(*files_of(entries), *used)
        )
        return Conversion(plan, path, written)
    known = _made_once(plan, weights, entries)
    digests = []
    for path, fill in fills.items():
        value = known[path] if path in known else _made(weights[path], fill, entries)
        weights[path].variable.assign(value)
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


def _made(weight: Weight, fill: Fill, entries: Mapping[str, Entry]) -> np.ndarray:
    """Returns what a weight gets, of its shape and dtype."""
    made = value_for(fill, entries, initial=_initial(weight))
    return value_of(weight, lambda _: made)


def _made_once(
    plan: Plan, weights: Mapping[str, Weight], entries: Mapping[str, Entry]
) -> dict[str, np.ndarray]:
    """Makes every value, so that a live model is never left half filled.

    Returns as many small ones, by path, as fit in the memory set aside, to be made no more.
    """
    problems: dict[str, Problem] = {}
    known: dict[str, np.ndarray] = {}
    room = _KEPT
    for fill in plan.all_fills:
        sources = [entries[name] for name in fill.sources]
        # Small ones only: a few large ones would take all the room, and save as many reads.
        small = sum(source.nbytes for source in sources) <= room // 16
        try:
            if small or fill.moved:
                value = _made(weights[fill.target], fill, entries)
            else:  # as it stands, so that only reading can go wrong
                _require_sound(sources[0])
        except CheckpointError:
            for name, source in zip(fill.sources, sources, strict=True):
                for wrong in source.check():
                    problem = Problem(name, "readable bytes", str(wrong), plan.checkpoint)
                    problems.setdefault(str(wrong), problem)
            continue
        if small:  # a copy: a part would hold its whole source, and a layout may use it again
            known[fill.target] = value.copy()
            room -= value.nbytes
    if problems:
        found = list(problems.values())
        raise CorruptCheckpointError(
            "nothing was assigned; " + "; ".join(problem.found for problem in found[:10]),
            file=plan.checkpoint,
            variable=found[0].name,
            problems=found,
        )
    return known


def _require_sound(entry: Entry) -> None:
    for wrong in entry.check():
        raise wrong
