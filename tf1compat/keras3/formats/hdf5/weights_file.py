"""``.weights.h5`` files: Keras' layout, the values streamed into it; and read back."""

from __future__ import annotations

import dataclasses

from tf1compat.errors import Problem
from tf1compat.files.file_sink import FileSink
from tf1compat.files.manifest import Manifest
from tf1compat.files.scratch import scratch_folder
from tf1compat.files.staging import staged_file
from tf1compat.keras3.formats.exported import Exported
from tf1compat.keras3.formats.hdf5.inventory import STRUCTURE, into_h5
from tf1compat.keras3.formats.hdf5.model_names import (
    misplaced_in,
    named_values,
    weights_skeleton,
)
from tf1compat.keras3.formats.hdf5.sealing import seal, structure_digest
from tf1compat.keras3.formats.hdf5.source import Source, open_source
from tf1compat.keras3.formats.hdf5.space import reserve
from tf1compat.keras3.formats.hdf5.writing import stream_values
from tf1compat.keras3.formats.weight_values import ReadWeight, manifest_of, optimizer_of
from tf1compat.keras3.index.model_index import ModelIndex

__all__ = ["damaged_structure", "read_weights_file", "write_weights_file"]


def write_weights_file(index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
    """Writes a file; see :func:`~tf1compat.keras3.export_weights`."""
    with staged_file(path) as staged:
        with scratch_folder() as scratch:
            skeleton, weights, _ = weights_skeleton(index, scratch, optimizer_of(read))
            places = reserve(skeleton, staged, weights)
        with FileSink(staged) as sink:
            digests = stream_values(places, read, sink.put)
        manifest = manifest_of(digests, read)
        offset = into_h5(staged, manifest, places)
        digest = seal(staged, places, offset=offset)
        return dataclasses.replace(manifest, parts={STRUCTURE: digest})


def read_weights_file(path: str, index: ModelIndex | None) -> Exported:
    """Opens a file; see :func:`~tf1compat.keras3.read_exported`."""
    source = open_source(path)
    return Exported(
        path,
        source.values(),
        manifest=source.manifest,
        named=named_values(source, index),
        members=lambda: damaged_structure(source, path),
        misplaced=misplaced_in(source, index),
    )


def damaged_structure(source: Source, name: str) -> list[Problem]:
    """Returns a problem called `name` where what is beside the values isn't what was written."""
    written = source.manifest.parts.get(STRUCTURE) if source.manifest else None
    if written is None or structure_digest(source) == written:
        return []
    found = "other names, types, attributes or layout (SHA-256 of all but the weights' values)"
    return [Problem(name, "the file that was written", found, source.path)]
