"""What a kind of evidence is: something that tells sources of a matching apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar

from tf1compat.errors import UsageError
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.state import EvidenceKind, Group, State
from tf1compat.names.reasons import Reason

__all__ = ["OTHER_KINDS", "Evidence", "Proposal"]


OTHER_KINDS = {
    "rule": "a rule of the user's",
    "given": "a pair that is known from rules",
    "alone": "what nothing competes with",
    "same": "what nothing tells apart",
    "computed": "what computing told",
    "computed_alike": "what computing told of numbered layers",
    "average": "a moving average in place of its variable",
    "no_average": "a variable without a moving average",
    "one_of_equals": "a source of several that are equal",
    "recorded": "a reason of an old plan",
}
"""Kinds of reasons that are no evidence's, and what they stand for."""


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
      kinds: the kinds of reasons it gives, with their words; no other evidence has their names.
      leaves_out: whether what is in none of the parts of a group belongs to nothing in it.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[EvidenceKind, ...]]
    leaves_out: ClassVar[bool] = False

    def check(self) -> None:
        """Does nothing where it can be one of several kinds of evidence.

        Raises:
          UsageError: it doesn't say what kinds of reasons it gives, or one has a name that is
            taken.
        """
        if not isinstance(leaves := getattr(self, "leaves_out", False), bool):
            raise UsageError(
                f"evidence {self.name!r}: expected leaves_out, True or False, found {leaves!r}"
            )
        names = [getattr(kind, "name", None) for kind in self.kinds]
        if twice := sorted({str(name) for name in names if names.count(name) > 1}):
            raise UsageError(
                f"evidence {self.name!r}: expected kinds of different names, found two called "
                f"{', '.join(twice)}"
            )
        for kind in self.kinds or ("none",):
            if not isinstance(kind, EvidenceKind):
                raise UsageError(
                    f"evidence {self.name!r}: expected kinds, a tuple of EvidenceKind, found {kind}"
                )
            if kind.name in OTHER_KINDS:
                raise UsageError(
                    f"evidence {self.name!r}: expected kinds of names of its own, found "
                    f"{kind.name!r}, which is what {OTHER_KINDS[kind.name]} is called"
                )

    def within(self, state: State, group: Group) -> Sequence[Group] | None:
        """Returns the parts of `group` that it tells apart, each with the reason; None if none.

        Each part is smaller than the group and has none of another part's nodes. Together they
        have all of the group's, but where :attr:`leaves_out` is true.
        """
        return None

    def across(self, state: State) -> Iterator[Proposal]:
        """Yields pairs of nodes, of whatever groups, that pairs already made speak for."""
        return iter(())
