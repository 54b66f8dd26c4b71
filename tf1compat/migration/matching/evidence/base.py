"""What a kind of evidence is: something that tells sources of a matching apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar

from tf1compat.errors import UsageError
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.state import EvidenceKind, Group, State
from tf1compat.names.reasons import Reason, require_kinds
from tf1compat.registry import Words

__all__ = ["FILL_KINDS", "OTHER_KINDS", "Evidence", "Proposal"]


OTHER_KINDS = {
    "rule": "a rule of the user's",
    "given": "a pair that is known from rules",
    "alone": "what nothing competes with",
    "same": "what nothing tells apart",
    "computed": "what computing told",
    "computed_alike": "what computing told of numbered layers",
    "computed_one_by_one": "what computing told of scopes and layers, each by itself",
    "used": "how both graphs use a pair",
    "pixels": "rows of a flattened image, by the graph",
    "pixels_said": "rows of a flattened image, by what the user said",
    "units": "units that become an image, by the graph",
    "units_said": "units that become an image, by what the user said",
    "average": "a moving average in place of its variable",
    "no_average": "a variable without a moving average",
    "one_of_equals": "a source of several that are equal",
    "carried": "a slot that goes along",
    "carried_average": "a moving average that goes along",
    "carried_value": "an average that begins with a value",
    "carried_step": "the count of steps",
    "carried_power": "a power that tells the steps",
    "carried_rate": "a learning rate of the graph",
    "carried_kept_rate": "the learning rate that an optimizer of tf.keras kept",
    "carried_number": "a number that an optimizer of tf.keras kept",
    "carried_scale": "the state of loss scaling",
    "recorded": "a reason of an old plan",
}
"""Kinds of reasons that are neither evidence's nor a reading's, and what they stand for."""

FILL_KINDS = Words({name: f"the kind of {what}" for name, what in OTHER_KINDS.items()})
"""Names of the kinds of reasons why weights are filled: a plan's JSON tells them by these."""


@dataclasses.dataclass(frozen=True)
class Proposal:
    """A pair that evidence across groups supports.

    Attributes:
      source: one of the sources.
      target: one of the targets.
      reason: what tells that they belong together.
      given: what told them apart from others before, where `reason` counts among few only.
    """

    source: Node
    target: Node
    reason: Reason
    given: tuple[Reason, ...] = ()


class Evidence:
    """Base of all kinds of evidence.

    A kind overrides :meth:`within`, :meth:`across` or :meth:`following`. They are asked again and
    again until nothing moves, and see all pairs that were made meanwhile.

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
          UsageError: it doesn't say what kinds of reasons it gives.
        """
        if not isinstance(leaves := getattr(self, "leaves_out", False), bool):
            raise UsageError(
                f"evidence {self.name!r}: expected leaves_out, True or False, found {leaves!r}"
            )
        require_kinds("evidence", self, EvidenceKind)

    def within(self, state: State, group: Group) -> Sequence[Group] | None:
        """Returns the parts of `group` that it tells apart, each with the reason; None if none.

        Each part is smaller than the group and has none of another part's nodes. Together they
        have all of the group's, but where :attr:`leaves_out` is true.
        """
        return None

    def across(self, state: State) -> Iterator[Proposal]:
        """Yields pairs of nodes, of whatever groups, that pairs already made speak for."""
        return iter(())

    def following(self, state: State, source: Node) -> Iterator[Proposal]:
        """Yields pairs that follow at once from that of `source`, which has just been made.

        They are asked for before any group is looked at again: what it takes is not to depend on
        how many nodes there are.
        """
        return iter(())
