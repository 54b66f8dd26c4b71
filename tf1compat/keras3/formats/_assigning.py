"""A file's values into a model, by the paths of weights: for formats that no library loads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tf1compat.errors import Problem
from tf1compat.keras3.formats.exported import Exported, said_of
from tf1compat.keras3.index.model_index import ModelIndex, index_model

__all__ = ["with_weights"]


def with_weights(
    make: Callable[[], Any], read: Callable[[ModelIndex], Exported], *, path: str
) -> Any:
    """Returns the model that `make` makes, with the weights of a file, one in memory at a time.

    Args:
      make: makes a model whose weights have values.
      read: opens the file for a model.
      path: of the file, for errors.

    Raises:
      ValueError: it lacks a weight, or has one of another shape or dtype; all are named.
      CorruptCheckpointError: a value is damaged.
    """
    index = index_model(make())
    found = read(index)
    expected = {path: f"{weight.dtype}{list(weight.shape)}" for path, weight in index.items()}
    held = {path: said_of(found, path) for path in index}
    problems = [
        Problem(name, expected[name], said, path)
        for name, said in held.items()
        if said != expected[name] and not (said == "nothing" and index[name].kind == "state")
    ]
    if problems:
        raise ValueError("; ".join(map(str, problems[:20])))
    for name, weight in index.items():
        if name in found:
            weight.variable.assign(found[name].read())
    return index.model
