"""A folder with an object-based checkpoint: written by our writer under TensorFlow's own names."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from tf1compat.checkpoint import (
    find_prefix,
    open_checkpoint,
    update_checkpoint_state,
    write_checkpoint,
)
from tf1compat.checkpoint.checkpoint import Checkpoint
from tf1compat.checkpoint.object_based.keys import OBJECT_GRAPH
from tf1compat.errors import CheckpointError, OutputError, Problem
from tf1compat.files.folders import (
    damaged_files,
    file_digest,
    files_within,
    folder_manifest,
    write_folder_manifest,
)
from tf1compat.files.manifest import Manifest, TensorDigest
from tf1compat.files.scratch import scratch_folder
from tf1compat.files.staging import staged_file
from tf1compat.keras3.formats.entry_reading import Reads, read_as_stored, read_by_tensorflow
from tf1compat.keras3.formats.exported import ArrayValue, Exported
from tf1compat.keras3.formats.object_checkpoint._marked_objects import (
    marked_checkpoint,
    marked_keys,
)
from tf1compat.keras3.formats.weight_values import (
    ReadWeight,
    manifest_of,
    optimizer_of,
    value_of,
)
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.optimizer_index import OptimizerIndex, index_optimizer
from tf1compat.keras3.index.weights import Weight

__all__ = ["read_back_checkpoint", "read_object_checkpoint", "write_object_checkpoint"]

_MARKED = "ckpt"
_BASE = "ckpt-1"  # as a CheckpointManager calls its first
_KEYS = "keys"


def write_object_checkpoint(
    index: ModelIndex, path: str, read: ReadWeight, *, kind: str
) -> Manifest:
    """Writes a folder; see :func:`~tf1compat.keras3.export_weights`."""
    with staged_file(path) as staged, scratch_folder() as scratch:
        optimizer = optimizer_of(read)
        marked = marked_checkpoint(index, os.path.join(scratch, _MARKED), optimizer)
        keys = marked_keys(index, marked, optimizer)
        weights = {key: _weight(path, index, optimizer) for path, key in keys.items()}
        os.mkdir(staged)
        items = _items(marked, weights, read)
        written = write_checkpoint(os.path.join(staged, _BASE), items).by_name()
        update_checkpoint_state(staged, _BASE)
        tensors = [
            TensorDigest(path, weights[key].shape, weights[key].dtype, written[key].sha256)
            for path, key in keys.items()
        ]
        parts = {name: _digest(staged, name) for name in files_within(staged)}
        manifest = manifest_of(tensors, read, parts)
        manifest = Manifest(manifest.tensors, {**manifest.notes, _KEYS: keys}, manifest.parts)
        return write_folder_manifest(staged, manifest, kind=kind)


def read_object_checkpoint(path: str, index: ModelIndex | None) -> Exported:
    """Opens a folder, or a checkpoint in one; see :func:`~tf1compat.keras3.read_exported`."""
    return _exported(path, index, read_as_stored)


def read_back_checkpoint(path: str, index: ModelIndex) -> Exported:
    """Opens a folder as TensorFlow reads it."""
    return _exported(path, index, read_by_tensorflow)


def _weight(path: str, index: ModelIndex, optimizer: OptimizerIndex | None) -> Weight:
    return index[path] if optimizer is None or path in index else optimizer[path].weight


def _items(
    marked: Checkpoint, weights: Mapping[str, Weight], read: ReadWeight
) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    """Yields what is written under each key: weights' values, and what TensorFlow wrote."""
    for entry in marked.values():
        key = entry.stored_key
        if key in weights:
            yield key, functools.partial(value_of, weights[key], read)
        else:
            yield key, entry.read


def _exported(path: str, index: ModelIndex | None, reads: Reads) -> Exported:
    try:
        prefix = find_prefix(path)
        held = open_checkpoint(prefix)
    except CheckpointError as error:
        raise OutputError(str(error)) from error
    folder = os.path.dirname(prefix)
    manifest = folder_manifest(folder)
    known = _known_keys(manifest)
    named = known
    if index is not None and not known:
        built = getattr(getattr(index.model, "optimizer", None), "built", False)
        meant = _meant_keys(index, index_optimizer(index) if built else None)
        stored = {entry.stored_key for entry in held.values()}
        # there need be no optimizer in it
        named = {path: key for path, key in meant.items() if path in index or key in stored}
    read = reads(prefix)
    values = {
        entry.stored_key: ArrayValue(entry.shape, entry.dtype_name, read(entry))
        for entry in held.values()
        if entry.stored_key != OBJECT_GRAPH
    }
    return Exported(
        folder,
        values,
        manifest=manifest,
        named=named or None,
        members=lambda: damaged_files(folder, manifest, _digest),
        misplaced=lambda: [] if index is None else list(_misplaced(known, index, folder)),
    )


def _known_keys(manifest: Manifest | None) -> dict[str, str]:
    """Returns the keys by paths that a manifest says; it is not to be trusted."""
    keys = manifest.notes.get(_KEYS) if manifest else None
    return {str(path): str(key) for path, key in keys.items()} if isinstance(keys, dict) else {}


def _meant_keys(index: ModelIndex, optimizer: OptimizerIndex | None) -> dict[str, str]:
    """Returns the keys under which TensorFlow looks for the model's weights, by their paths."""
    with scratch_folder() as scratch:
        marked = marked_checkpoint(index, os.path.join(scratch, _MARKED), optimizer)
        return marked_keys(index, marked, optimizer)


def _misplaced(known: Mapping[str, str], index: ModelIndex, folder: str) -> Iterator[Problem]:
    beside = any(path not in index for path in known)  # what the model's optimizer keeps
    for path, key in _meant_keys(index, index_optimizer(index) if beside else None).items():
        said = known.get(path, key)
        if said != key:
            yield Problem(path, f"in {key}, where TensorFlow looks for it", f"in {said}", folder)


def _digest(folder: str, name: str) -> str:
    return file_digest(os.path.join(folder, name))
