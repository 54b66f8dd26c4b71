"""What holds values beside the graph that takes them; each kind is one object."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from tf1compat.checkpoint._frozen_format import FrozenGraph
from tf1compat.checkpoint.bundle.file_names import SAVED_MODEL, values_of_saved_model
from tf1compat.checkpoint.bundle.writer import Partitioned, write_checkpoint
from tf1compat.checkpoint.checkpoint import Checkpoint
from tf1compat.checkpoint.entry import Entry
from tf1compat.checkpoint.meta.meta_graph import meta_graph_bytes
from tf1compat.errors import CheckpointExistsError, UsageError
from tf1compat.files.manifest import Manifest
from tf1compat.files.regular import open_regular
from tf1compat.files.staging import clear_stale, staged_file
from tf1compat.files.standing import exists, is_folder, names_in
from tf1compat.registry import Registry

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CONTAINERS", "Container", "Item"]

Item: TypeAlias = "np.ndarray | Entry | Partitioned"

_VARIABLES = "variables"
# What 1.15's `saved_model/constants.py` has beside the values.
_COPIED = (SAVED_MODEL, "assets", "assets.extra")
_WINDOW = 1 << 20


class Container(Protocol):
    """One kind of output of the way back.

    Attributes:
      name: what the option calls it.
      summary: what it is, for help: a few words.
    """

    @property
    def name(self) -> str:
        """What the option calls it."""

    @property
    def summary(self) -> str:
        """What it is, for help: a few words."""

    def require(self, source: Checkpoint, omitted: Iterable[str]) -> None:
        """Raises UsageError where it can't be made of what belongs to a checkpoint.

        `omitted` are names of variables that won't be in it.
        """

    def write(self, source: Checkpoint, output: str, items: Iterable[tuple[str, Item]]) -> Manifest:
        """Writes values, and what belongs to `source` beside them; all of it or nothing."""


class V1Checkpoint:
    """A V2 checkpoint, and the graph that its source has."""

    name = "checkpoint"
    summary = "a checkpoint that a v1 Saver restores, with the source's .meta beside it"

    def require(self, source: Checkpoint, omitted: Iterable[str]) -> None:
        """Raises UsageError for a frozen graph, which has its values as constants."""
        _require_variables(source)

    def write(self, source: Checkpoint, output: str, items: Iterable[tuple[str, Item]]) -> Manifest:
        """Writes the checkpoint of a prefix."""
        graph = source.graph_path
        return write_checkpoint(output, items, graph=None if graph is None else _graph_in(graph))


def _require_variables(source: Checkpoint) -> None:
    if source.format == FrozenGraph.name:
        raise UsageError(
            f"{source.prefix}: expected a checkpoint of variables, found a frozen graph, whose "
            "values are constants within it that nothing restores; start from the checkpoint that "
            "it was made of"
        )


def _graph_in(path: str) -> bytes:
    """Returns the MetaGraphDef of a ``.meta`` file as it is, or the one of a SavedModel to run."""
    if os.path.basename(path) == SAVED_MODEL:
        return meta_graph_bytes(path)
    with open_regular(path) as file:
        return bytes(file.read(0, file.size))


class V1SavedModel:
    """The source's SavedModel with other values."""

    name = "saved_model"
    summary = "a copy of the SavedModel that the source is in, with other values"

    def require(self, source: Checkpoint, omitted: Iterable[str]) -> None:
        """Raises UsageError where the source isn't in a SavedModel, or not all of it is kept."""
        _require_variables(source)
        graph = source.graph_path
        if graph is None or os.path.basename(graph) != SAVED_MODEL:
            raise UsageError(
                f"{source.prefix}: expected a checkpoint in a SavedModel, whose graph could be "
                f"copied, found {'a .meta beside it' if graph else 'no graph'}; write a checkpoint"
            )
        if names := list(omitted):
            raise UsageError(
                f"{source.prefix}: expected that nothing is left out of a SavedModel, whose graph "
                f"restores all variables by itself, found {len(names)} that are to be; keep them"
            )

    def write(self, source: Checkpoint, output: str, items: Iterable[tuple[str, Item]]) -> Manifest:
        """Writes the SavedModel's directory, which isn't there yet."""
        directory = os.path.dirname(str(source.graph_path))
        clear_stale(output.rstrip(os.sep))  # of a run that was killed when all but this was done
        if os.path.lexists(output):
            raise CheckpointExistsError(
                f"{output}: something is there; choose another path, or remove it first"
            )
        with staged_file(output.rstrip(os.sep)) as staged:
            os.mkdir(staged)
            for name in _COPIED:
                if exists(path := os.path.join(directory, name)):
                    _copy(path, os.path.join(staged, name))
            os.mkdir(os.path.join(staged, _VARIABLES))
            return write_checkpoint(values_of_saved_model(staged), items)


def _copy(source: str, target: str) -> None:
    """Copies a file, or a folder with all that is in it, as bytes alone."""
    if is_folder(source):
        if os.path.islink(source):  # it may lead back to where it is
            raise UsageError(f"{source}: expected a folder of the SavedModel, found a link to one")
        os.mkdir(target)
        for name in names_in(source):
            _copy(os.path.join(source, name), os.path.join(target, name))
        return
    with open_regular(source) as file, open(target, "xb") as copy:
        for start in range(0, file.size, _WINDOW):
            copy.write(file.read(start, min(_WINDOW, file.size - start)))


CONTAINERS: Registry[Container] = Registry(
    "container of variables",
    [V1Checkpoint(), V1SavedModel()],
    has={"summary": str},
    methods=("require", "write"),
)
"""What may be written, by name."""
