"""SavedModels as ``model.export`` writes them, run once before they count as written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import CheckpointError, ModelError, OutputError, Problem
from tf1compat.files.folders import (
    damaged_files,
    file_digest,
    files_within,
    folder_manifest,
    write_folder_manifest,
)
from tf1compat.files.manifest import Manifest
from tf1compat.files.staging import destination, staged_file
from tf1compat.keras3.formats.entry_reading import Reads, read_as_stored, read_by_tensorflow
from tf1compat.keras3.formats.exported import ArrayValue, Exported
from tf1compat.keras3.formats.programs._held_model import held
from tf1compat.keras3.formats.programs._trying import require_near, tried
from tf1compat.keras3.formats.programs.program import Program, in_batches
from tf1compat.keras3.formats.weight_values import ReadWeight, manifest_of
from tf1compat.keras3.index.model_index import ModelIndex

__all__ = [
    "TOLERANCE",
    "in_order",
    "ordered_outputs",
    "read_back_saved_model",
    "read_saved_model",
    "signature_of",
    "write_saved_model",
]

TOLERANCE = 1e-4
"""Largest relative difference of an output: TensorFlow may fuse the same ops otherwise."""

_SIGNATURE = "serving_default"
_VARIABLES = os.path.join("variables", "variables")
_KEYS = "keys"


def write_saved_model(
    index: ModelIndex, path: str, read: ReadWeight, *, kind: str, representative: str
) -> Manifest:
    """Writes a folder; see :func:`~tf1compat.keras3.export_weights`. All values are in memory."""
    with held(index, read) as model, staged_file(path) as staged:
        keys = _keys(index)
        model.export(staged)
        signature = signature_of(staged, inputs=model.inputs)
        found = tried(model, signature, representative=representative)
        allowed = max(TOLERANCE, model.rounding)
        require_near(found.deviations, allowed, path=destination(staged))
        parts = {name: _digest(staged, name) for name in files_within(staged)}
        manifest = manifest_of(model.digests, read, parts)
        notes = {**manifest.notes, _KEYS: keys}
        return write_folder_manifest(
            staged, Manifest(manifest.tensors, notes, manifest.parts), kind=kind
        )


def read_saved_model(path: str, index: ModelIndex | None) -> Exported:
    """Opens a folder; see :func:`~tf1compat.keras3.read_exported`."""
    return _exported(path, index, read_as_stored)


def read_back_saved_model(path: str, index: ModelIndex) -> Exported:
    """Opens a folder as TensorFlow reads it."""
    return _exported(path, index, read_by_tensorflow)


def signature_of(folder: str, *, inputs: Sequence[str]) -> Program:
    """Returns the signature that a SavedModel is served by, to be run.

    Args:
      folder: of one that this process wrote: loading it runs what it holds.
      inputs: what the model calls its inputs, in its order.
    """
    import tensorflow as tf

    signature = tf.saved_model.load(folder).signatures[_SIGNATURE]
    _, specs = signature.structured_input_signature
    names = ordered_outputs(signature.structured_outputs)

    def run(inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        found = signature(**{name: tf.constant(value) for name, value in inputs.items()})
        return [found[name].numpy() for name in names]

    taken = list(inputs) if set(inputs) == set(specs) else in_order(specs)
    ordered = {name: specs[name] for name in taken}
    return Program(ordered, tuple(names), in_batches(run, ordered))


def in_order(names: Iterable[str]) -> list[str]:
    """Returns names that are numbered, in the order of their numbers.

    >>> in_order(["args_0_10", "args_0_9", "args_0"])
    ['args_0', 'args_0_9', 'args_0_10']
    """
    parts = {name: re.findall(r"\D+|\d+", name) for name in names}
    return sorted(parts, key=lambda name: [(len(one), one) for one in parts[name]])


def ordered_outputs(names: Mapping[str, object]) -> list[str]:
    """Returns the names of outputs in the order in which Keras flattens them.

    >>> ordered_outputs({"output_10": 1, "output_9": 2}), ordered_outputs({"b": 1, "a": 2})
    (['output_9', 'output_10'], ['a', 'b'])
    """
    numbered = all(name.removeprefix("output_").isdecimal() for name in names)
    return in_order(names) if numbered else sorted(names)


def _keys(index: ModelIndex) -> dict[str, str]:
    """Returns under which key Keras has the value of each weight, by the weight's path.

    The variables of the model are tracked as one list.
    """
    keys: dict[str, str] = {}
    for number, variable in enumerate(index.model.variables):
        weight = index.by_variable.get(id(variable))
        if weight is not None:
            keys.setdefault(weight.path, f"variables/{number}/.ATTRIBUTES/VARIABLE_VALUE")
    problems = [
        Problem(path, "to be among the model's variables", "that it isn't", weight.layer_name)
        for path, weight in index.items()
        if path not in keys and weight.kind == "weight"
    ]
    if problems:
        raise ModelError.from_problems("weights that Keras doesn't export", problems)
    return keys


def _exported(path: str, index: ModelIndex | None, reads: Reads) -> Exported:
    prefix = os.path.join(path, _VARIABLES)
    try:
        held_ = open_checkpoint(prefix)
    except CheckpointError as error:
        raise OutputError(str(error)) from error
    manifest = folder_manifest(path)
    said = manifest.notes.get(_KEYS) if manifest else None
    keys = {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}
    if not keys and index is not None:
        keys = _keys(index)
    read = reads(prefix)
    values = {
        entry.stored_key: ArrayValue(entry.shape, entry.dtype_name, read(entry))
        for entry in held_.values()
        if entry.dtype_name != "string"
    }
    return Exported(
        path,
        values,
        manifest=manifest,
        named=keys or None,
        members=lambda: damaged_files(path, manifest, _digest),
        misplaced=lambda: [] if index is None else list(_misplaced(keys, index, path)),
    )


def _misplaced(keys: Mapping[str, str], index: ModelIndex, folder: str) -> Iterator[Problem]:
    for path, key in _keys(index).items():
        said = keys.get(path, key)
        if said != key:
            yield Problem(path, f"in {key}, where Keras has it", f"in {said}", folder)


def _digest(folder: str, name: str) -> str:
    return file_digest(os.path.join(folder, name))
