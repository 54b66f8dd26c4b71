"""Parts of one v1 graph, each made once: where a proof doesn't agree, many are run again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph

__all__ = ["ReferenceParts"]

_LARGE = 2**24  # bytes of a part that isn't kept: of a frozen graph, which holds its weights


class ReferenceParts:
    """The parts of a graph that compute some outputs."""

    def __init__(self, graph: GraphFile, allowed: Iterable[str] = ()) -> None:
        """Takes a graph, and the types of ops that it may run beside the harmless ones."""
        self._graph = graph
        self._allowed = allowed
        self._made: dict[tuple[tuple[str, ...], frozenset[str]], ReferenceGraph] = {}

    def of(self, outputs: Sequence[str], fed: Iterable[str]) -> ReferenceGraph:
        """Returns the part that computes `outputs` from what is fed, kept unless it is large."""
        part = tuple(outputs), frozenset(fed)
        if part in self._made:
            return self._made[part]
        made = ReferenceGraph(self._graph, outputs, fed=part[1], allowed=self._allowed)
        if made.size <= _LARGE:
            self._made[part] = made
        return made
