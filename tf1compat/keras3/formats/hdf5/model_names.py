"""Under which names Keras looks for a model's weights: it alone knows, so it is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping, Sequence

import h5py

from tf1compat.errors import OutputError, Problem
from tf1compat.files.scratch import scratch_folder
from tf1compat.keras3.formats.hdf5.disk_errors import naming_scratch
from tf1compat.keras3.formats.hdf5.skeleton import save_skeleton
from tf1compat.keras3.formats.hdf5.source import Source
from tf1compat.keras3.formats.hdf5.space import find_marks
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.optimizer_index import OptimizerIndex, index_optimizer
from tf1compat.keras3.index.weights import Weight
from tf1compat.keras3.models.keras_members import WEIGHTS_MEMBER
from tf1compat.names.first_line import first_line

__all__ = ["misplaced_in", "named_values", "weights_skeleton"]


def weights_skeleton(
    index: ModelIndex, folder: str, optimizer: OptimizerIndex | None
) -> tuple[str, tuple[Weight, ...], dict[str, list[str]]]:
    """Returns the path of a skeleton made in `folder`, what its marks mean, and where they stand.

    That is the names of the datasets of each weight, by its path. The variables of `optimizer`, the
    model's, are marked as well.

    Raises:
      ModelError: Keras can't save the model's weights.
      OSError: the disk of `folder` is full, or fails.
      OutputError: what was written there can't be read again.
    """
    path = os.path.join(folder, WEIGHTS_MEMBER)  # Keras refuses other suffixes
    with naming_scratch(path):
        weights = save_skeleton(index, lambda model: model.save_weights(path), optimizer=optimizer)
    marks = _require_marks(path, len(weights))
    names = {weight.path: marks[number] for number, weight in enumerate(weights)}
    return path, weights, index.once(_names_of(optimizer), lambda: names)


def named_values(source: Source, index: ModelIndex | None) -> dict[str, str]:
    """Returns the name of the dataset of each weight, by the weight's path.

    The file's manifest tells; without one the model; without that, datasets go by their own names.
    What the model's optimizer keeps has paths too, as far as it is built and the file has it.
    """
    if source.inventory is not None:
        return source.inventory[1]
    if index is None:
        return {name: name for name in source.extents}
    built = getattr(getattr(index.model, "optimizer", None), "built", False)
    names = _names(index, index_optimizer(index) if built else None)
    return {
        path: first
        for path, (first, *_) in names.items()
        if path in index or first in source.extents  # files may hold no optimizer
    }


def misplaced_in(source: Source, index: ModelIndex | None) -> Callable[[], list[Problem]]:
    """Returns what finds the weights that Keras would load from elsewhere than the file says.

    A weight that two layers save is loaded twice: where its two values differ, the last stays.
    """
    if index is None:
        return list
    held = source.inventory[1] if source.inventory else {}
    beside = any(path not in index for path in held)  # what the model's optimizer keeps
    return lambda: list(
        _misplaced(source, _names(index, index_optimizer(index) if beside else None))
    )


def _misplaced(source: Source, names: Mapping[str, Sequence[str]]) -> list[Problem]:
    known = source.inventory[1] if source.inventory else {}
    values = source.values()
    problems = []
    for path, (first, *others) in names.items():
        said = known.get(path, first)
        if said != first and path in known:
            problems.append(
                Problem(path, f"in {first}, where Keras looks for it", f"in {said}", source.path)
            )
        for other in others:
            one, two = source.extents.get(first), source.extents.get(other)
            if one is None or two is None or one == two:
                continue  # what is missing is told by who reads it; the same bytes are the same
            if values[first].read_bytes().tobytes() != values[other].read_bytes().tobytes():
                problems.append(
                    Problem(path, f"the same in {first} and {other}", "others", source.path)
                )
    return problems


def _names(index: ModelIndex, optimizer: OptimizerIndex | None) -> dict[str, list[str]]:
    """Returns the names of the datasets of each weight that Keras saves, by the weight's path.

    Saving takes Keras long, and whoever wrote a file has had it done.
    """

    def saved() -> dict[str, list[str]]:
        with scratch_folder() as scratch:
            return weights_skeleton(index, scratch, optimizer)[2]

    return index.once(_names_of(optimizer), saved)


def _names_of(optimizer: OptimizerIndex | None) -> Hashable:
    return "names in HDF5 files", None if optimizer is None else tuple(optimizer)


def _require_marks(path: str, count: int) -> dict[int, list[str]]:
    """Returns the marks of a skeleton.

    Raises:
      OutputError: it isn't whole: h5py looks past errors at close.
    """
    marks: dict[int, list[str]] = {}
    try:
        with h5py.File(path, "r") as file:
            marks = find_marks(file)
        reason = f"{len(marks)} of {count} weights are in it"
    except Exception as error:  # damage makes h5py raise nearly anything
        reason = first_line(error)
    if len(marks) != count:
        raise OutputError(
            f"{path}: this scratch file can't be read as it was written ({reason}); is its disk "
            "full?"
        )
    return marks
