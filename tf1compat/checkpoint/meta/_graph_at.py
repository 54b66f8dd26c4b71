"""The graph in a file, read once its soundness is known, and once for all that look at it."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Hashable, Iterator
from typing import NamedTuple

from tf1compat.budget import Budget
from tf1compat.checkpoint.meta._graph_def import Graph
from tf1compat.checkpoint.meta._sound_graph import sound_graph
from tf1compat.checkpoint.meta.meta_graph import meta_graph_in
from tf1compat.checkpoint.wire import WireError
from tf1compat.files.regular import RegularFile, open_regular
from tf1compat.files.standing import state_of

__all__ = ["GraphAt", "graph_at"]


class GraphAt(NamedTuple):
    """A sound graph, which whoever gets it doesn't change.

    Attributes:
      path: of its file.
      graph: the graph.
      size: of its file in bytes.
      offset: where in the file its message begins; None where it isn't as there.
    """

    path: str
    graph: Graph
    size: int
    offset: int | None

    def budget(self) -> Budget:
        """Returns what one way of looking at it may cost."""
        return Budget(self.path, self.size)

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turns a WireError of what is looked at within the block into one that names the file.

        Raises:
          CorruptCheckpointError: there was one.
        """
        try:
            yield
        except WireError as error:
            with open_regular(self.path) as file:
                raise _unsound(file, error, self.offset) from error


def graph_at(path: str | os.PathLike[str]) -> GraphAt:
    """Returns the graph of a ``.meta`` file or a SavedModel.

    Raises:
      CheckpointError: there is none, or it isn't sound.
    """
    name = os.fspath(path)
    return _graph_at(name, state_of(name))


@functools.lru_cache(maxsize=1)
def _graph_at(path: str, state: tuple[Hashable, ...]) -> GraphAt:
    """Returns what a file holds; planning, linting, training and proving read the same in turn."""
    with open_regular(path) as file:
        data, offset = meta_graph_in(file)
        try:
            graph = sound_graph(data, Budget(path, file.size))
        except WireError as error:
            raise _unsound(file, error, offset) from error
        return GraphAt(path, graph, file.size, offset)


def _unsound(file: RegularFile, error: WireError, offset: int | None) -> Exception:
    return file.corrupt(
        f"not a sound MetaGraphDef: {error.message}",
        None if offset is None else offset + error.offset,
    )
