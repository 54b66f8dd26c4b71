"""Models to files, one weight in memory at a time."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from typing import Any

from tf1compat.errors import OutputError, UsageError
from tf1compat.files.manifest import Manifest
from tf1compat.files.staging import staged_file
from tf1compat.keras3.formats._file_sink import FileSink
from tf1compat.keras3.formats._h5_manifest import into_h5
from tf1compat.keras3.formats._h5_space import reserve
from tf1compat.keras3.formats._keras_zip import write_keras_file
from tf1compat.keras3.formats._skeleton import save_skeleton
from tf1compat.keras3.formats._writing import ReadWeight, stream_values
from tf1compat.keras3.index.model_index import ModelIndex, index_model

__all__ = ["export_weights"]


def export_weights(model: Any, path: str | os.PathLike[str], read: ReadWeight) -> Manifest:
    """Writes a file that Keras loads, with the values that `read` gives.

    The suffix of `path` decides: ``.weights.h5`` holds weights (``model.load_weights``), ``.keras``
    the whole model (``keras.saving.load_model``). Which weight goes where is Keras' own decision.
    The file appears complete or not at all, an older one stands until then, and the model is left
    as it was. Inside is a manifest with the SHA-256 of every weight.

    Args:
      model: a built keras.Model, its weights initialized or not (see
        :func:`~tf1compat.keras3.build_model`), or its index.
      path: where to write.
      read: called once for each weight that Keras saves; returns its value, of its shape and dtype,
        or None to keep the value (or for a weight without one, its initial value).

    Returns:
      name (the weight's path), shape, dtype and SHA-256 of every weight written.

    Raises:
      UsageError: the suffix isn't one of the two.
      ModelError: the model isn't built, Keras can't save it or not all of its weights, or a value
        doesn't fit its weight; all offenders are named.
      OutputError: the file can't be written.
    """
    name = os.fspath(path)
    for suffix, write in _FORMATS.items():
        if name.endswith(suffix):
            return write(index_model(model), name, read)
    raise UsageError(f"{name}: expected a file name ending in {' or '.join(_FORMATS)}")


def _export_h5(index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
    with staged_file(path) as staged:
        with tempfile.TemporaryDirectory() as scratch:
            skeleton = os.path.join(scratch, "model.weights.h5")
            weights = save_skeleton(index, skeleton)
            with _hdf5_errors(path):
                places = reserve(skeleton, staged, weights)
        with FileSink(staged) as sink:
            digests = stream_values(places, read, sink.put)
        manifest = Manifest(tuple(digests))
        with _hdf5_errors(path):
            into_h5(staged, manifest, places)
    return manifest


@contextlib.contextmanager
def _hdf5_errors(path: str) -> Iterator[None]:
    """Names `path` where libhdf5 fails to write: a full disk is a RuntimeError to it."""
    try:
        yield
    except RuntimeError as error:
        found = re.search(r"error message = '([^']*)'", str(error))
        reason = found[1] if found else str(error).splitlines()[0]
        raise OutputError(
            f"{path}: could not be written ({reason}); what stood there before still stands"
        ) from error


def _export_keras(index: ModelIndex, path: str, read: ReadWeight) -> Manifest:
    with staged_file(path) as staged, tempfile.TemporaryDirectory() as scratch:
        skeleton = os.path.join(scratch, "model.keras")
        weights = save_skeleton(index, skeleton)
        return write_keras_file(staged, skeleton, weights, read=read)


_FORMATS = {".weights.h5": _export_h5, ".keras": _export_keras}
