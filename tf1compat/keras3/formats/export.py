"""Models to files, one weight in memory at a time."""

from __future__ import annotations

import os
from typing import Any

from tf1compat.files.manifest import Manifest
from tf1compat.keras3.formats.output_formats import output_format
from tf1compat.keras3.formats.weight_values import ReadWeight
from tf1compat.keras3.index.model_index import index_model

__all__ = ["export_weights"]


def export_weights(model: Any, path: str | os.PathLike[str], read: ReadWeight) -> Manifest:
    """Writes a file that Keras loads, with the values that `read` gives.

    The suffix of `path` decides: ``.weights.h5`` holds weights (``model.load_weights``), ``.keras``
    the whole model (``keras.saving.load_model``), another what its format in
    :data:`~tf1compat.keras3.formats.output_formats.OUTPUT_FORMATS` says. Which weight goes where is
    Keras' own decision. The file appears complete or not at all, an older one stands until then,
    and the model is left as it was. Inside is a manifest with the SHA-256 of every weight.

    Args:
      model: a built keras.Model, its weights initialized or not (see
        :func:`~tf1compat.keras3.build_model`), or its index.
      path: where to write.
      read: called once for each weight that Keras saves; returns its value, of its shape and dtype,
        or None to keep the value (or for a weight without one, its initial value).

    Returns:
      name (the weight's path), shape, dtype and SHA-256 of every weight written.

    Raises:
      UsageError: no format has the suffix.
      ModelError: the model isn't built, Keras can't save it or not all of its weights, or a value
        doesn't fit its weight; all offenders are named.
      OutputError: the file can't be written.
    """
    name = os.fspath(path)
    return output_format(name).write(index_model(model), name, read)
