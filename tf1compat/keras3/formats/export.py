"""Models to files, one weight in memory at a time."""

from __future__ import annotations

import functools
import os
from typing import Any

from tf1compat.errors import OutputError, Problem
from tf1compat.files.manifest import Manifest
from tf1compat.files.staging import destination, staged_file
from tf1compat.keras3.formats.exported import said_of
from tf1compat.keras3.formats.output_formats import OutputFormat, ask, opened, output_format
from tf1compat.keras3.formats.weight_values import NotedValues, ReadWeight
from tf1compat.keras3.index.model_index import ModelIndex, index_model

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
    name, index = os.fspath(path), index_model(model)
    one = output_format(name)
    noted = read if isinstance(read, NotedValues) else NotedValues(read, {})
    with staged_file(name) as staged:
        write = functools.partial(one.write, index, staged, noted)
        manifest: Manifest = ask(one, "write", call=write, kind=Manifest, given=noted.raised)
        _require_whole(one, staged, index)
    return manifest


def _require_whole(one: OutputFormat, staged: str, index: ModelIndex) -> None:
    """Raises OutputError where a file, read back, doesn't hold every weight by path, shape, dtype.

    What it says of them counts; values are read by whoever verifies. The state of random
    generators may be left out, as Keras leaves out some.
    """
    path = destination(staged)
    if not os.path.exists(staged):
        raise OutputError(f"{path}: format of outputs {one.name!r} wrote nothing")
    found = opened(one, staged, index)
    problems = [
        Problem(weight.path, f"{weight.dtype}{list(weight.shape)}", said.replace(staged, path))
        for weight in index.values()
        if weight.kind == "weight"
        and (said := said_of(found, weight.path)) != f"{weight.dtype}{list(weight.shape)}"
    ]
    if problems:
        raise OutputError.from_problems(
            f"{path}: format of outputs {one.name!r} wrote a file that doesn't hold every weight; "
            "what stood there before still stands",
            problems,
        )
