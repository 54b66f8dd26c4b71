"""What a kind of evidence is: something that tells sources of a matching apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar

from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.state import EvidenceKind, Group, State
from tf1compat.names.reasons import Reason

__all__ = ["Evidence", "Proposal"]


@dataclasses.dataclass(frozen=True)
class Proposal:
    """A pair that evidence across groups supports."""

    source: Node
    target: Node
    reason: Reason


class Evidence:
    """Base of all kinds of evidence.

    A kind overrides :meth:`within` or :meth:`across`. Both are asked again and again until nothing
    moves, and see all pairs that were made meanwhile.

    Attributes:
      name: what it goes by in the registry.
      kinds: the kinds of reasons it gives, with their words.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[EvidenceKind, ...]]

    def within(self, state: State, group: Group) -> Sequence[Group] | None:
        """Returns the parts of `group` that it tells apart, each with the reason; None if none."""
        return None

    def across(self, state: State) -> Iterator[Proposal]:
        """Yields pairs of nodes, of whatever groups, that pairs already made speak for."""
        return iter(())
