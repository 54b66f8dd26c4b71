"""A folder of safetensors files: ``model.safetensors``, or its shards and their index."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

from tf1compat.checkpoint.safetensors_format.safetensors import Safetensors, SafetensorsIndex
from tf1compat.checkpoint.safetensors_format.sealed_header import read_header
from tf1compat.checkpoint.safetensors_format.writer import TensorSpec
from tf1compat.errors import CheckpointError, OutputError
from tf1compat.files.folders import (
    damaged_files,
    file_digest,
    folder_manifest,
    write_folder_manifest,
)
from tf1compat.files.manifest import Manifest, TensorDigest
from tf1compat.files.staging import staged_file
from tf1compat.keras3.formats.exported import ArrayValue, Exported
from tf1compat.keras3.formats.safetensors_files._tensors import (
    checked_specs,
    library_values,
    require_library,
    stored_values,
    write_tensors,
)
from tf1compat.keras3.formats.weight_values import ReadWeight, manifest_of
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.weights import Weight

__all__ = ["read_back_folder", "read_folder", "write_folder"]

_ONE, _INDEX = "model.safetensors", "model.safetensors.index.json"


def write_folder(
    index: ModelIndex, path: str, read: ReadWeight, *, shard_size: int, kind: str
) -> Manifest:
    """Writes a folder; see :func:`~tf1compat.keras3.export_weights`."""
    require_library()
    shards = _shards(checked_specs(index), shard_size)
    names = _names(len(shards))
    with staged_file(path) as staged:
        os.mkdir(staged)
        tensors: list[TensorDigest] = []
        for name, paths in zip(names, shards, strict=True):
            weights: list[Weight] = [index[path] for path in paths]
            tensors += write_tensors(os.path.join(staged, name), weights, read).tensors
        if len(shards) > 1:
            _write_index(os.path.join(staged, _INDEX), index, dict(zip(names, shards, strict=True)))
        parts = {name: _digest(staged, name) for name in sorted(os.listdir(staged))}
        return write_folder_manifest(staged, manifest_of(tensors, read, parts), kind=kind)


def read_folder(path: str) -> Exported:
    """Opens a folder, or the index in one; see :func:`~tf1compat.keras3.read_exported`."""
    folder, main = _main(path)
    held = _opened(main)
    return _exported(folder, stored_values(main, held))


def read_back_folder(path: str) -> Exported:
    """Opens a folder as the safetensors library reads its files."""
    folder, main = _main(path)
    held = _opened(main)
    files = [header.file.path for header in held.headers]
    return _exported(folder, library_values(files, stored_values(main, held)))


def _shards(specs: Mapping[str, TensorSpec], shard_size: int) -> list[list[str]]:
    """Returns the paths of the weights that go into each file, in order."""
    shards: list[list[str]] = [[]]
    size = 0
    for path, spec in specs.items():
        if shards[-1] and size + spec.nbytes > shard_size:
            shards.append([])
            size = 0
        shards[-1].append(path)
        size += spec.nbytes
    return shards


def _names(count: int) -> list[str]:
    """Returns what so many files are called.

    >>> _names(1), _names(2)[1]
    (['model.safetensors'], 'model-00002-of-00002.safetensors')
    """
    if count == 1:
        return [_ONE]
    stem, suffix = os.path.splitext(_ONE)
    return [f"{stem}-{number:05}-of-{count:05}{suffix}" for number in range(1, count + 1)]


def _write_index(path: str, index: ModelIndex, shards: Mapping[str, Sequence[str]]) -> None:
    places = {weight: name for name, weights in shards.items() for weight in weights}
    specs = [TensorSpec(index[weight].shape, index[weight].dtype) for weight in places]
    held = {
        "metadata": {"total_size": sum(spec.nbytes for spec in specs)},
        "weight_map": dict(sorted(places.items())),
    }
    with open(path, "x", encoding="utf-8") as file:
        file.write(json.dumps(held, indent=2) + "\n")


def _main(path: str) -> tuple[str, str]:
    """Returns a folder by its path or that of its index, and the file that tells of the others."""
    if not os.path.isdir(path):
        return os.path.dirname(path), path
    main = os.path.join(path, _INDEX)
    return path, main if os.path.lexists(main) else os.path.join(path, _ONE)


def _opened(main: str) -> SafetensorsIndex:
    try:
        return Safetensors().open(main)
    except CheckpointError as error:
        raise OutputError(str(error)) from error


def _exported(folder: str, values: Mapping[str, ArrayValue]) -> Exported:
    manifest = folder_manifest(folder)
    return Exported(
        folder,
        values,
        manifest=manifest,
        members=lambda: damaged_files(folder, manifest, _digest),
    )


def _digest(folder: str, name: str) -> str:
    """Returns the SHA-256 of a file but for its tensors, of which the manifest has their own."""
    path = os.path.join(folder, name)
    if not name.endswith(".safetensors"):
        return file_digest(path)
    return file_digest(path, size=read_header(path).start)
