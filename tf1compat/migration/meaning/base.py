"""What a reading is: something that knows how the numbers of variables stand in weights."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.graph_uses import Uses
from tf1compat.migration.matching import Item
from tf1compat.migration.meaning.assumptions import Assumptions
from tf1compat.names.reasons import Kind, Reason

__all__ = ["Part", "Question", "Reading", "Source"]


@dataclasses.dataclass(frozen=True)
class Part:
    """What one weight would be of one or several variables.

    Attributes:
      path: a name by which it is matched: that of the variable which the weight is like.
      module: the scope that stands for the layer.
      role: the weight's role in Keras.
      shape: its dimensions.
      sources: the variables, in the order that the layout takes them.
      layout: text of the layout.
      layer: what holds such a weight, in words.
      because: from what it is known.
      use: by what name the graph's uses and flow have it, if not by that of its one source: a row.
    """

    path: str
    module: str
    role: str
    shape: tuple[int, ...]
    sources: tuple[str, ...]
    layout: str
    layer: str
    because: Reason
    use: str = ""


@dataclasses.dataclass(frozen=True)
class Question:
    """Why variables can't be read without an answer.

    Attributes:
      sources: the variables.
      asks: what is to be said, and by which flag or argument.
    """

    sources: tuple[str, ...]
    asks: str


@dataclasses.dataclass(frozen=True)
class Source:
    """What readings look at.

    Attributes:
      entries: the variables that are neither ruled nor training state, by name.
      uses: what the v1 graph does with them; None without a graph.
      assumptions: what the user said.
      targets: the weights that are to be filled, by path: what is apart on one side may be in one
        on the other, and only both together say that it has to be taken apart.
      target_flow: for each weight the weights of the layers that feed its own; None if unknown.
    """

    entries: Mapping[str, Entry]
    uses: Uses | None
    assumptions: Assumptions
    targets: Mapping[str, Item] = dataclasses.field(default_factory=dict)
    target_flow: Mapping[str, Sequence[str]] | None = None

    @functools.cached_property
    def by_scope(self) -> Mapping[str, Mapping[str, Entry]]:
        """The variables of each scope by their leaves: what most readings begin with."""
        found: dict[str, dict[str, Entry]] = {}
        for entry in self.entries.values():
            found.setdefault(entry.name.scope, {})[entry.name.leaf] = entry
        return found


class Reading:
    """Base of all readings.

    Attributes:
      name: what it goes by in the registry.
      kinds: the kinds of reasons that it gives.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]]

    def read(self, source: Source) -> Iterator[Part | Question]:
        """Yields what variables would be as weights, and what has to be asked before."""
        return iter(())
