"""A model's weights as an Orbax checkpoint: one PyTree, a mapping from paths to arrays.

Paths are keys as they are, and aren't split at their slashes: a weight ``a`` may stand beside
``a/b``, and Orbax joins keys within keys by dots, which names of layers may have.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tf1compat.errors import ModelError, OutputError, Problem
from tf1compat.files.folders import (
    damaged_files,
    file_digest,
    files_within,
    folder_manifest,
    write_folder_manifest,
)
from tf1compat.files.manifest import Manifest, TensorDigest, tensor_digest
from tf1compat.files.staging import destination, staged_file
from tf1compat.keras3.formats._orbax_tree import PYTREE, OrbaxTree, orbax_library, undisturbed
from tf1compat.keras3.formats.exported import Exported
from tf1compat.keras3.formats.weight_values import ReadWeight, all_values, manifest_of
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.names.first_line import first_line

__all__ = ["read_orbax", "write_orbax"]


def write_orbax(index: ModelIndex, path: str, read: ReadWeight, *, kind: str) -> Manifest:
    """Writes a folder; see :func:`~tf1compat.keras3.export_weights`."""
    orbax = orbax_library()
    _require_elements(index)
    values = {
        weight.path: np.asarray(value, value.dtype.newbyteorder("="))
        for weight, value in all_values(index, read)
    }
    with staged_file(path) as staged:
        _save(orbax, staged, values)
        tensors = [
            TensorDigest(name, value.shape, value.dtype.name, tensor_digest(value))
            for name, value in values.items()
        ]
        parts = {name: _digest(staged, name) for name in files_within(staged)}
        return write_folder_manifest(staged, manifest_of(tensors, read, parts), kind=kind)


def read_orbax(path: str, index: ModelIndex | None) -> Exported:
    """Opens a folder; see :func:`~tf1compat.keras3.read_exported`."""
    manifest = folder_manifest(path)
    order = list(index) if index is not None else list(manifest.by_name() if manifest else ())
    return Exported(
        path,
        OrbaxTree(path, order).values(),
        manifest=manifest,
        members=lambda: damaged_files(path, manifest, _digest),
    )


def _require_elements(index: ModelIndex) -> None:
    problems = [
        Problem(path, "elements, as Orbax saves no empty array", f"shape {weight.shape}")
        for path, weight in index.items()
        if 0 in weight.shape
    ]
    if problems:
        raise ModelError.from_problems(f"{len(problems)} weight(s) that Orbax can't save", problems)


def _save(orbax: Any, staged: str, values: dict[str, np.ndarray]) -> None:
    """Has Orbax save arrays; what it raises, of a full disk too, has no type of its own."""
    try:
        with undisturbed():
            orbax.save_checkpointables(os.path.abspath(staged), {PYTREE: values})
    except Exception as error:
        said = first_line(error, otherwise=type(error).__name__)
        raise OutputError(
            f"{destination(staged)}: could not be written, Orbax says: {said}"
        ) from error


def _digest(folder: str, name: str) -> str:
    return file_digest(os.path.join(folder, name))
