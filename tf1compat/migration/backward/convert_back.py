"""Carrying a plan out the other way: Keras weights into a checkpoint of the v1 graph."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint import Checkpoint, Entry, Partitioned, open_checkpoint
from tf1compat.checkpoint.bundle.file_names import is_of_saved_model
from tf1compat.checkpoint.comparing import same_bits
from tf1compat.checkpoint.containers import CONTAINERS, Container, Item, V1SavedModel
from tf1compat.checkpoint.stored_types import stored_type_of
from tf1compat.errors import PlanError, Problem, UsageError, VerificationError
from tf1compat.files.manifest import Manifest
from tf1compat.keras3 import Exported, ModelIndex, Weight, index_model, read_exported
from tf1compat.keras3.formats.weight_values import value_of
from tf1compat.keras3.index.optimizer_index import index_optimizer
from tf1compat.migration.backward._advancing import advanced
from tf1compat.migration.backward._assembling import Assembly
from tf1compat.migration.backward._lines_back import LinesBack, default_slots, lines_back
from tf1compat.migration.backward._remaining import Remaining, remaining
from tf1compat.migration.backward._rescaling import rescaled
from tf1compat.migration.planning.originals import unlike_originals
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.specs import target_specs
from tf1compat.migration.serving.loaded_back import ReadBack
from tf1compat.migration.serving.served_meta import serve_meta
from tf1compat.migration.training_targets import targets_of
from tf1compat.migration.values import check_fits_checkpoint, check_same_side, value_for
from tf1compat.migration.verification.given import GraphOptions
from tf1compat.names.spec_text import spec_text
from tf1compat.printable import joined

__all__ = ["ConversionBack", "convert_back"]

Progress = Callable[[str, int], None]

_SHOWN = 3
_WEIGHTS_ALONE = "save the trained model with its optimizer, or take --slots=keep"


@dataclasses.dataclass(frozen=True)
class ConversionBack:
    """What was written, and what the v1 graph has no place for.

    Attributes:
      plan: the plan that was carried out backwards.
      output: the prefix or directory that was written.
      manifest: name, shape, dtype and SHA-256 of every tensor written.
      slots: what became of slots: ``"follow"``, ``"keep"`` or ``"drop"``.
      changed: names of variables that have another value than before.
      followed: those of them that got it as a copy or a moving average of another.
      stale: names of variables copied as they were that belong to one that changed: slots, and
        averages that were to be kept.
      omitted: names of variables that were left out.
      rounded: by the path of a weight, by how much it differs from what was written, laid out anew.
      summed: paths of weights that hold apart what the v1 graph has one number for, their sum.
      left: by the path of a weight, or of a variable of the optimizer, what of it has no place in
        the v1 graph, and why.
      serving: what is to be said of a SavedModel: whether TensorFlow loads it; of one that was made
        of a ``.meta``, its signature too, and how its graph computes when it serves.
    """

    plan: Plan
    output: str
    manifest: Manifest
    slots: str
    changed: tuple[str, ...]
    followed: tuple[str, ...]
    stale: tuple[str, ...]
    omitted: tuple[str, ...]
    rounded: Mapping[str, float]
    summed: tuple[str, ...]
    left: Mapping[str, str]
    serving: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """Returns what JSON holds of it; ``docs/back.md`` has the fields."""
        names = ("changed", "followed", "stale", "omitted", "summed", "serving")
        found: dict[str, Any] = {name: list(getattr(self, name)) for name in names}
        numbers = {"rounded": dict(self.rounded), "left": dict(self.left)}
        return {"slots": self.slots, **found, **numbers}

    @property
    def _slots(self) -> str:
        return {
            "follow": "slots and steps are the optimizer's",
            "keep": "slots are kept as they were",
            "drop": "slots are left out",
        }[self.slots]

    def __str__(self) -> str:
        same = len(self.plan.sources) - len(self.omitted) - len(self.changed)
        changed = len(self.changed)
        lines = [f"{changed} variables have new values, {same} are as they were; {self._slots}"]
        lines += _listed("with the variable that they are of: {}", self.followed)
        lines += _listed("as they were, beside variables that changed: {}", self.stale)
        lines += _listed("left out: {}", self.omitted)
        rounded = [f"{path} (by up to {gap:.3g})" for path, gap in self.rounded.items()]
        lines += _listed("weights that the layout rounds: {}", rounded)
        lines += _listed("weights whose parts the v1 graph has the sum of: {}", self.summed)
        left = [f"{path} ({why})" for path, why in self.left.items()]
        lines += _listed("weights that the v1 graph has no place for: {}", left)
        lines += [f"  {one}" for one in self.serving]
        return joined(lines)


def convert_back(
    plan: Plan,
    model: Any,
    *,
    output: str | os.PathLike[str],
    weights: str | os.PathLike[str] | None = None,
    checkpoint: Checkpoint | None = None,
    container: str = "checkpoint",
    slots: str | None = None,
    shadows: str = "follow",
    options: GraphOptions | None = None,
    assets: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> ConversionBack:
    """Writes the weights of a model into the variables that the plan filled them from.

    What is written is what :func:`~tf1compat.migration.convert` makes the weights of, bit for bit
    but where a layout rounds: that is looked at before anything appears. A variable whose weights
    are as they were converted keeps its own bits, and dtype and slices are those that it had. What
    the plan dropped is copied: other heads, ``global_step``.

    Args:
      plan: a complete plan for the checkpoint and the model.
      model: the built Keras model, or its :class:`~tf1compat.keras3.ModelIndex`.
      output: what to write, which isn't there yet: a prefix, or a SavedModel's directory.
      weights: a file that has the weights, ``.weights.h5`` or ``.keras``; by default the model's
        own are taken.
      checkpoint: the open checkpoint; by default the one at the plan's prefix is opened.
      container: ``"checkpoint"`` writes a V2 checkpoint that a v1 ``Saver`` restores, with the
        ``.meta`` that the plan's checkpoint has beside it; ``"saved_model"`` copies the SavedModel
        that has the plan's checkpoint, with other values, or makes one of the ``.meta``.
      slots: what becomes of an optimizer's slots: ``"follow"`` gives them, the powers of betas and
        the count of steps what the model's optimizer has now; ``"keep"`` copies them as they are,
        beside weights that they don't belong to; ``"drop"`` leaves them out, so that a graph which
        has them can't be restored whole. By default they follow where the plan has lines of an
        optimizer, and `weights`, if given, holds that; else they are kept.
      shadows: what becomes of moving averages where their variable changed (or of that where the
        average was taken): ``"follow"`` gives them its new value, ``"keep"`` copies them,
        ``"drop"`` leaves them out.
      options: of a SavedModel that is made of a ``.meta``, which inputs and outputs it serves, and
        what other inputs are; by default outputs that the graph likely has, and what these need.
      assets: of the same, the folder that has the files that the graph reads, such as vocabularies;
        by default that of the checkpoint.
      progress: called with each variable's name and its bytes before it is written.

    Returns:
      what was written, and what of the weights wasn't.

    Raises:
      PlanError: the plan isn't complete, or was made for another checkpoint or model.
      VerificationError: weights that come from one variable don't agree, or a weight isn't what its
        variables would make of it; nothing is written then.
      CheckpointExistsError: something is at `output`.
      CheckpointError: the checkpoint, or the file of weights, is damaged.
      OutputError: the output can't be written; or it is a SavedModel that TensorFlow, where it is
        here, can't load, or that it restores other values of.
      UsageError: there is no such container, or the checkpoint has nothing to make it of; or slots
        are to follow what the plan, or the file of weights, doesn't have; or the graph can't serve
        as `options` say.
    """
    plan.require_complete()
    index = index_model(model)
    entries = open_checkpoint(plan.checkpoint) if checkpoint is None else checkpoint
    check_fits_checkpoint(plan, entries)
    check_same_side("model", plan.targets, target_specs(index))
    if unlike := list(unlike_originals(plan.drops, entries)):
        raise PlanError.from_problems("sources that were dropped as copies are none:", unlike)
    targets = index if slots in ("keep", "drop") else targets_of(plan, index)
    exported = None if weights is None else read_exported(weights, index)
    slots = default_slots(plan, exported) if slots is None else slots
    lines = lines_back(plan, entries, slots=slots, shadows=shadows)
    read = _reader(targets, exported, lines)
    lines = _at_its_rate(lines, index, read)
    rest = remaining(lines, entries, slots=slots, shadows=shadows)
    if rest.omitted and entries.is_object_based:
        raise UsageError(
            f"{entries.prefix}: expected that nothing is left out of an object-based checkpoint, "
            f"whose object graph names it, found {len(rest.omitted)} that are to be; keep them"
        )
    written = _container(container)
    written.require(entries, rest.omitted)
    written, serving, read_back = _served(written, entries, options or GraphOptions(), assets)
    assembly = Assembly(lines.fills, entries, read)
    items = _Items(assembly, entries, rest, progress, moved=advanced(lines, entries, read))
    manifest = written.write(entries, os.fspath(output), items)
    return ConversionBack(
        plan,
        os.fspath(output),
        manifest,
        slots=slots,
        changed=tuple(items.changed),
        followed=tuple(name for of in items.changed for name in rest.followers.get(of, ())),
        stale=tuple(_beside_changed(rest.kept, items.changed)),
        omitted=rest.omitted,
        rounded=assembly.rounded,
        summed=tuple(assembly.summed),
        left=_left(plan, index, assembly) | _placeless(lines, read),
        serving=(*serving, *read_back.notes),
    )


def _container(name: str) -> Container:
    if name not in CONTAINERS:
        raise UsageError(f"container: expected one of {', '.join(CONTAINERS)}, found {name!r}")
    return CONTAINERS[name]


def _served(
    container: Container,
    checkpoint: Checkpoint,
    options: GraphOptions,
    assets: str | os.PathLike[str] | None,
) -> tuple[Container, tuple[str, ...], ReadBack]:
    """Returns a container that has the graph of a ``.meta`` where it is to be a SavedModel.

    A SavedModel is read back before it takes its place, by what is returned last.
    """
    read_back = ReadBack(options.allowed)
    if not isinstance(container, V1SavedModel):
        return container, (), read_back
    if container.graph is not None or is_of_saved_model(str(checkpoint.graph_path)):
        return dataclasses.replace(container, look=read_back), (), read_back
    folder = None if assets is None else os.fspath(assets)
    served = serve_meta(checkpoint, options, assets=folder)
    return V1SavedModel(served.graph, read_back), served.notes, read_back


class _Items:
    """Names and values for a writer, one after the other, and which of them are new."""

    def __init__(
        self,
        assembly: Assembly,
        entries: Mapping[str, Entry],
        rest: Remaining,
        progress: Progress | None,
        *,
        moved: Iterable[tuple[str, np.ndarray | None]],
    ) -> None:
        self._assembly = assembly
        self._entries = entries
        self._rest = rest
        self._progress = progress
        self._moved = moved
        self.changed: list[str] = []

    def __iter__(self) -> Iterator[tuple[str, Item]]:
        for name, value in self._assembly.values():
            for one in (name, *self._rest.followers.get(name, ())):
                yield self._item(one, value)
        for name, value in self._moved:
            yield self._item(name, value)
        for name in self._rest.kept:
            yield self._item(name, None)
        if self._assembly.problems:
            raise VerificationError.from_problems(
                "nothing was written, weights can't go back:", self._assembly.problems
            )

    def _item(self, name: str, value: np.ndarray | None) -> tuple[str, Item]:
        entry = self._entries[name]
        if self._progress is not None:
            self._progress(name, entry.nbytes)
        if value is None:
            return entry.stored_key, entry
        self.changed.append(name)
        return entry.stored_key, _stored_like(entry, value)


def _stored_like(entry: Entry, value: np.ndarray) -> Item:
    """Returns a value in the slices that a variable is stored in."""
    kind = stored_type_of(value.dtype).name
    if kind != entry.dtype_name:  # quantized values are read as plain integers
        raise VerificationError(
            f"{entry.key}: expected values of {entry.dtype_name}, found {kind}; leave the variable "
            "out with a rule"
        )
    if not entry.slices:
        return value
    parts = [(tuple(one.start for one in index), value[index]) for index in entry.slices]
    return Partitioned(entry.shape, parts)


def _reader(
    targets: Mapping[str, Weight], exported: Exported | None, lines: LinesBack
) -> Callable[[str], np.ndarray]:
    """Returns what reads a target by its path: the model's own value, or that of a file.

    Raises:
      VerificationError: the file is damaged, or Keras would load a weight from elsewhere in it; or
        it lacks one.
    """
    if exported is None:
        return lambda path: value_of(targets[path], lambda _: None)
    problems = [*exported.damage(), *exported.misplaced()]
    if not problems:
        asked = [fill.target for fill in (*lines.fills, *lines.computed) if fill.target in targets]
        lacking = [path for path in dict.fromkeys(asked) if path not in exported]
        problems = [Problem(path, "a value", "none", remedy=_WEIGHTS_ALONE) for path in lacking]
    if problems:
        raise VerificationError.from_problems(f"{exported.path}: weights can't be read:", problems)

    def read(path: str) -> np.ndarray:
        weight, value = targets[path], exported[path].read()
        found = spec_text(value.dtype.name, value.shape)
        expected = spec_text(weight.dtype, tuple(weight.shape))
        if found != expected:
            raise VerificationError.from_problems(
                f"{exported.path}: it has the weights of another model:",
                [Problem(path, expected, found)],
            )
        return value

    return read


def _beside_changed(kept: Mapping[str, str], changed: Iterable[str]) -> Iterator[str]:
    """Yields what is kept and belongs to a variable, or a scope, of which something changed."""
    scopes = {name[:at] for name in changed for at in (*_slashes(name), len(name))}
    yield from (name for name, of in kept.items() if of in scopes)


def _slashes(name: str) -> Iterator[int]:
    return (at for at, letter in enumerate(name) if letter == "/")


def _left(plan: Plan, index: ModelIndex, assembly: Assembly) -> dict[str, str]:
    """Returns, by path, what of a weight has no place in the v1 graph."""
    kept = {keep.target: keep.reason for keep in plan.keeps}
    found = {path: why for path, why in kept.items() if index[path].kind == "weight"}
    size = {path: int(np.prod(spec.shape, dtype=np.int64)) for path, spec in plan.targets.items()}
    return found | {
        path: f"{count} of {size[path]} elements, which no variable filled"
        for path, count in assembly.left.items()
    }


def _at_its_rate(
    lines: LinesBack, index: ModelIndex, read: Callable[[str], np.ndarray]
) -> LinesBack:
    """Returns lines whose scales are those of the step that the model's optimizer is at."""
    optimizer = None if lines.counting is None else index_optimizer(index)
    if optimizer is None or lines.counting is None:
        return lines
    step = int(read(lines.counting.target))
    return dataclasses.replace(lines, fills=tuple(rescaled(lines.fills, optimizer, step)))


def _placeless(lines: LinesBack, read: Callable[[str], np.ndarray]) -> dict[str, str]:
    """Returns, by path, what of the optimizer has no place: numbers too that the graph computes."""
    found = dict(lines.placeless)
    for fill in lines.computed:
        now, own = read(fill.target), value_for(fill, {}, initial=lambda: np.zeros(()))
        if not same_bits(now, own):
            found[fill.target] = (
                f"{float(now):g} now; the v1 graph has {float(own):g}, in no variable"
            )
    return found


def _listed(what: str, names: Sequence[str]) -> list[str]:
    """Returns the line that counts names and gives the first; none where there are none."""
    more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    shown = ", ".join([*names[:_SHOWN], *more])
    return [f"  {len(names)} {what.format(shown)}"] if names else []
