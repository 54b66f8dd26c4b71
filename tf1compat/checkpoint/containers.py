"""What holds values beside the graph that takes them; each kind is one object."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

from tf1compat.checkpoint._frozen_format import FrozenGraph
from tf1compat.checkpoint.bundle.file_names import is_of_saved_model, values_of_saved_model
from tf1compat.checkpoint.bundle.writer import Partitioned, write_checkpoint
from tf1compat.checkpoint.checkpoint import Checkpoint
from tf1compat.checkpoint.entry import Entry
from tf1compat.checkpoint.meta.meta_graph import meta_graph_bytes
from tf1compat.checkpoint.served_graph import ServedGraph
from tf1compat.errors import CheckpointExistsError, UsageError
from tf1compat.files.manifest import Manifest
from tf1compat.files.regular import open_regular
from tf1compat.files.staging import clear_stale, staged_file
from tf1compat.files.standing import what_stands
from tf1compat.registry import Registry

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CONTAINERS", "Container", "Item", "V1SavedModel"]

Item: TypeAlias = "np.ndarray | Entry | Partitioned"

_VARIABLES = "variables"


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
    if is_of_saved_model(path):
        return meta_graph_bytes(path)
    with open_regular(path) as file:
        return bytes(file.read(0, file.size))


@dataclasses.dataclass(frozen=True)
class V1SavedModel:
    """A SavedModel of the source's graph with other values.

    Attributes:
      graph: of a source that has a ``.meta``, what its graph is as one that serves; of one in a
        SavedModel, None: that is copied.
      look: what looks at the folder before it takes its place, and by which path it will go; None
        where nothing does. It raises OutputError where the folder isn't to be placed.
    """

    graph: ServedGraph | None = None
    look: Callable[[str, str], None] | None = None

    name: ClassVar[str] = "saved_model"
    summary: ClassVar[str] = "a SavedModel of the source's graph, with other values"

    def require(self, source: Checkpoint, omitted: Iterable[str]) -> None:
        """Raises UsageError where the source has no graph, or not all of it is kept."""
        _require_variables(source)
        if source.graph_path is None:
            raise UsageError(
                f"{source.prefix}: expected a checkpoint with a .meta, or in a SavedModel, found "
                "no graph; write a checkpoint"
            )
        if names := list(omitted):
            raise UsageError(
                f"{source.prefix}: expected that nothing is left out of a SavedModel, whose graph "
                f"restores all variables by itself, found {len(names)} that are to be; keep them"
            )

    def write(self, source: Checkpoint, output: str, items: Iterable[tuple[str, Item]]) -> Manifest:
        """Writes the SavedModel's directory, which isn't there yet."""
        graph = self._graph(source)
        clear_stale(output.rstrip(os.sep))  # of a run that was killed when all but this was done
        if os.path.lexists(output):
            raise CheckpointExistsError(
                f"{output}: {what_stands(output)} is there; choose another path, or remove it first"
            )
        with staged_file(output.rstrip(os.sep)) as staged:
            os.mkdir(staged)
            graph.write(staged)
            os.mkdir(os.path.join(staged, _VARIABLES))
            values = values_of_saved_model(staged)
            manifest = write_checkpoint(values, items)
            clear_stale(values)  # what couldn't be cleared away there would be placed as well
            if self.look is not None:
                self.look(staged, output)
            return manifest

    def _graph(self, source: Checkpoint) -> ServedGraph:
        if self.graph is not None:
            return self.graph
        path = str(source.graph_path)
        if not is_of_saved_model(path):
            raise UsageError(
                f"{source.prefix}: expected the graph of its .meta as one that serves, found none; "
                "tf1compat.migration.convert_back makes it"
            )
        return ServedGraph.copied(os.path.dirname(path))


CONTAINERS: Registry[Container] = Registry(
    "container of variables",
    [V1Checkpoint(), V1SavedModel()],
    has={"summary": str},
    methods=("require", "write"),
)
"""What may be written, by name."""
