"""Where a SavedModel keeps its values: a checkpoint by the prefix ``variables/variables``."""

from __future__ import annotations

import os

from tf1compat.checkpoint._frozen_format import holds_values
from tf1compat.checkpoint.bundle.file_names import INDEX, SAVED_MODEL, values_of_saved_model
from tf1compat.checkpoint.foreign.looking import SAVED, recognise
from tf1compat.errors import UnsupportedCheckpointError
from tf1compat.files.standing import exists, is_file, is_folder, names_in

__all__ = ["saved_model_below", "saved_model_prefix"]

_GRAPHS = (SAVED_MODEL, "saved_model.pbtxt")
_VARIABLES = "variables"
_SEARCHED = 200  # directories at most that are looked into for one


def saved_model_prefix(path: str) -> str | None:
    """Returns the prefix of the values of a SavedModel: its directory, its graph or its variables.

    None where `path` is none of these.

    Raises:
      UnsupportedCheckpointError: it has no values: they were frozen, or not copied with it.
    """
    directory = _directory_of(path)
    if directory is None:
        return None
    prefix = values_of_saved_model(directory)
    if not exists(prefix + INDEX):
        graph = os.path.join(directory, SAVED_MODEL)
        if holds_values(graph):
            return graph
        raise UnsupportedCheckpointError(
            f"{path}: expected a TensorFlow checkpoint, found a SavedModel without values: there "
            f"is no {prefix}{INDEX}; fetch the whole directory, or, where its graph was frozen, "
            "name the checkpoint that it was made from"
        )
    return prefix


def saved_model_below(directory: str) -> list[str]:
    """Returns the directories right below one that are SavedModels: an Estimator's exports."""
    try:
        names = names_in(directory)[:_SEARCHED]
    except OSError:
        return []
    return [one for name in names if _graph_in(one := os.path.join(directory, name))]


def _directory_of(path: str) -> str | None:
    """Returns the directory of the SavedModel that a path belongs to."""
    if is_file(path):
        found = recognise(path)
        return os.path.dirname(path) if found is not None and found.key == SAVED else None
    if not is_folder(path):
        return None
    if _graph_in(path):
        return path
    bare = path.rstrip(os.sep) or path
    parent, base = os.path.split(bare if os.path.basename(bare) == _VARIABLES else "")
    return parent if base and _graph_in(parent) else None


def _graph_in(directory: str) -> bool:
    return any(is_file(os.path.join(directory, name)) for name in _GRAPHS)
