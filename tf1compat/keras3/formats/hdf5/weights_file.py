"""``.weights.h5`` files: Keras' layout, the values streamed into it; and read back."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator

import h5py

from tf1compat.errors import OutputError
from tf1compat.files.manifest import Manifest
from tf1compat.files.scratch import scratch_folder
from tf1compat.files.staging import destination, staged_file
from tf1compat.keras3.formats.exported import Exported
from tf1compat.keras3.formats.hdf5._file_sink import FileSink
from tf1compat.keras3.formats.hdf5.inventory import into_h5
from tf1compat.keras3.formats.hdf5.skeleton import save_skeleton
from tf1compat.keras3.formats.hdf5.source import Source, open_source
from tf1compat.keras3.formats.hdf5.space import find_marks, reserve
from tf1compat.keras3.formats.hdf5.writing import stream_values
from tf1compat.keras3.formats.weight_values import ReadWeight, manifest_of
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.weights import Weight
from tf1compat.keras3.models.keras_members import WEIGHTS_MEMBER
from tf1compat.names.first_line import first_line

__all__ = ["named_values", "read_weights_file", "write_weights_file"]


def write_weights_file(index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
    """Writes a file; see :func:`~tf1compat.keras3.export_weights`."""
    with staged_file(path) as staged:
        with scratch_folder() as scratch:
            skeleton, weights = _skeleton(index, scratch)
            with _hdf5_errors(path):
                places = reserve(skeleton, staged, weights)
        with FileSink(staged) as sink:
            digests = stream_values(places, read, sink.put)
        manifest = manifest_of(digests, read)
        with _hdf5_errors(path):
            into_h5(staged, manifest, places)
    return manifest


def _skeleton(index: ModelIndex, folder: str) -> tuple[str, tuple[Weight, ...]]:
    """Returns the path of a skeleton made in `folder`, and what its marks mean."""
    path = os.path.join(folder, WEIGHTS_MEMBER)  # Keras refuses other suffixes
    return path, save_skeleton(index, lambda model: model.save_weights(path))


@contextlib.contextmanager
def _hdf5_errors(path: str) -> Iterator[None]:
    """Names `path` where libhdf5 fails to write: a full disk is a RuntimeError to it."""
    try:
        yield
    except RuntimeError as error:
        found = re.search(r"error message = '([^']*)'", str(error))
        reason = found[1] if found else first_line(error)
        raise OutputError(
            f"{destination(path)}: could not be written ({reason}); what stood there before still "
            "stands"
        ) from error


def read_weights_file(path: str, index: ModelIndex | None) -> Exported:
    """Opens a file; see :func:`~tf1compat.keras3.read_exported`."""
    source = open_source(path)
    return Exported(
        path, source.values(), manifest=source.manifest, named=named_values(source, index)
    )


def named_values(source: Source, index: ModelIndex | None) -> dict[str, str]:
    """Returns the name of the dataset of each weight, by the weight's path.

    The file's manifest tells; without one the model, because Keras alone knows where it would save
    what; without that, datasets go by their own names.
    """
    if source.inventory is not None:
        return source.inventory[1]
    if index is None:
        return {name: name for name in source.extents}
    with scratch_folder() as scratch:
        skeleton, weights = _skeleton(index, scratch)
        with h5py.File(skeleton, "r") as file:
            marks = find_marks(file)
    return {weight.path: marks[number][0] for number, weight in enumerate(weights)}
