"""A model's weights as tensors of safetensors files: written, and read by either library."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint.checkpoint import Checkpoint
from tf1compat.checkpoint.safetensors_format.safetensors import SafetensorsIndex
from tf1compat.checkpoint.safetensors_format.writer import (
    TensorSpec,
    require_storable,
    write_safetensors,
)
from tf1compat.errors import OutputError, Problem
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.files.manifest import Manifest
from tf1compat.keras3.formats.exported import ArrayValue
from tf1compat.keras3.formats.libraries import SAFETENSORS, needing
from tf1compat.keras3.formats.weight_values import ReadWeight, notes_of, sources_of, value_of
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.weights import Weight

__all__ = [
    "checked_specs",
    "library_values",
    "require_library",
    "stored_values",
    "write_tensors",
]

_FORMAT = {"format": "tf"}  # whose order of axes it is: what the Hub's loaders ask for
_SOURCES = "tf1compat.sources"
_PLAN = "plan_sha256"


def require_library() -> Any:
    """Returns safetensors; UsageError where it isn't installed."""
    with needing(SAFETENSORS):
        import safetensors

        return safetensors


def checked_specs(index: ModelIndex) -> dict[str, TensorSpec]:
    """Returns shape and dtype of every weight by path.

    Raises:
      UsageError: some are of dtypes that the format hasn't; all are named.
    """
    specs = {path: TensorSpec(weight.shape, weight.dtype) for path, weight in index.items()}
    require_storable(specs)
    return specs


def write_tensors(path: str, weights: Sequence[Weight], read: ReadWeight) -> Manifest:
    """Writes a file of weights by their paths.

    Its metadata have what the Hub's loaders ask for, the v1 names of what each weight is made of,
    and the plan's digest, as far as they are known.
    """
    by_path = {weight.path: weight for weight in weights}
    notes, sources = notes_of(read), sources_of(read)
    own = {path: sources[path] for path in by_path if path in sources}
    metadata = dict(_FORMAT)
    if own:
        metadata[_SOURCES] = json.dumps(own)
    if _PLAN in notes:
        metadata[f"tf1compat.{_PLAN}"] = str(notes[_PLAN])
    return write_safetensors(
        path,
        {path: TensorSpec(weight.shape, weight.dtype) for path, weight in by_path.items()},
        lambda name: value_of(by_path[name], read),
        metadata=metadata,
        notes=notes,
    )


def stored_values(path: str, index: SafetensorsIndex) -> dict[str, ArrayValue]:
    """Returns the tensors of a checkpoint of safetensors files, as this package reads them.

    Raises:
      OutputError: some are of dtypes that no weight has.
    """
    entries = Checkpoint(path)
    problems = [
        Problem(name, "a dtype that weights have", stored.name, path)
        for name in index.names()
        if not (stored := index.lookup(name)[0]).is_readable
    ]
    if problems:
        raise OutputError.from_problems(f"{path}: can't be read:", problems)
    return {
        name: ArrayValue(entry.shape, entry.dtype_name, entry.read)
        for name, entry in entries.items()
    }


def library_values(paths: Iterable[str], stored: Mapping[str, ArrayValue]) -> dict[str, ArrayValue]:
    """Returns the tensors of files as the format's own library reads them.

    Args:
      paths: of the files.
      stored: the same tensors; of dtypes that the library has none of NumPy's for, these are
        returned.

    Raises:
      OutputError: the library can't read a file.
    """
    safetensors = require_library()
    found = dict(stored)
    for path in paths:
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                for name in file.keys():  # noqa: SIM118 - it is no mapping
                    if _is_known(stored[name].dtype):
                        read = functools.partial(_read, safetensors, path, name)
                        found[name] = ArrayValue(stored[name].shape, stored[name].dtype, read)
        except (safetensors.SafetensorError, KeyError) as error:
            raise OutputError(f"{path}: the safetensors library can't read it: {error}") from error
    return found


def _is_known(dtype: str) -> bool:
    return numpy_dtype(dtype).isbuiltin == 1 or dtype == "bfloat16"


def _read(safetensors: Any, path: str, name: str) -> np.ndarray:
    with safetensors.safe_open(path, framework="numpy") as file:
        value: np.ndarray = file.get_tensor(name)
        return value
