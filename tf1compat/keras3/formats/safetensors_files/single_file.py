"""One safetensors file of a model's weights."""

from __future__ import annotations

from collections.abc import Mapping

from tf1compat.checkpoint.safetensors_format.safetensors import Safetensors, SafetensorsIndex
from tf1compat.checkpoint.safetensors_format.sealed_header import HEADER, header_of, manifest_in
from tf1compat.errors import CheckpointError, OutputError, Problem
from tf1compat.files.manifest import Manifest
from tf1compat.files.staging import staged_file
from tf1compat.keras3.formats.exported import ArrayValue, Exported
from tf1compat.keras3.formats.safetensors_files._tensors import (
    checked_specs,
    library_values,
    require_library,
    stored_values,
    write_tensors,
)
from tf1compat.keras3.formats.weight_values import ReadWeight
from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["read_back_single_file", "read_single_file", "write_single_file"]


def write_single_file(index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
    """Writes a file; see :func:`~tf1compat.keras3.export_weights`."""
    require_library()
    checked_specs(index)
    with staged_file(path) as staged:
        return write_tensors(staged, list(index.values()), read)


def read_single_file(path: str) -> Exported:
    """Opens a file; see :func:`~tf1compat.keras3.read_exported`."""
    held = _opened(path)
    return _exported(path, held, stored_values(path, held))


def read_back_single_file(path: str) -> Exported:
    """Opens a file as the safetensors library reads it."""
    held = _opened(path)
    return _exported(path, held, library_values([path], stored_values(path, held)))


def _opened(path: str) -> SafetensorsIndex:
    try:
        return Safetensors().open(path)
    except CheckpointError as error:
        raise OutputError(str(error)) from error


def _exported(path: str, held: SafetensorsIndex, values: Mapping[str, ArrayValue]) -> Exported:
    (header,) = held.headers
    manifest = manifest_in(header)

    def damaged() -> list[Problem]:
        written = manifest.parts.get(HEADER) if manifest else None
        if written is None or header_of(header) == written:
            return []
        found = "other names, places or texts (SHA-256 of all that it says but for its manifest)"
        return [Problem(path, "the header that was written", found)]

    return Exported(path, values, manifest=manifest, members=damaged)
