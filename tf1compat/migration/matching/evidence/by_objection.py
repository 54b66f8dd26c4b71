"""Evidence from words that speak against: what they exclude from a group belongs to none of it."""

from __future__ import annotations

from tf1compat.migration.matching.evidence.base import Evidence
from tf1compat.migration.matching.state import EvidenceKind, Group, State

__all__ = ["ByObjection"]

_OTHERS = EvidenceKind("others_named", "the names of the others speak of something else")
_WIDE = 4096  # pairs within a group that are looked at one by one


class ByObjection(Evidence):
    """Leaves out of a group whatever names exclude from every pair in it.

    An auxiliary head's kernel isn't the head's, whether or not that one's is there.
    """

    name = "objection"
    kinds = (_OTHERS,)
    leaves_out = True

    def within(self, state: State, group: Group) -> list[Group] | None:
        if len(group.sources) * len(group.targets) > _WIDE:
            return None
        sources = [s for s in group.sources if any(state.allows(s, t) for t in group.targets)]
        targets = [t for t in group.targets if any(state.allows(s, t) for s in group.sources)]
        if len(sources) == len(group.sources) and len(targets) == len(group.targets):
            return None
        return [group.part(sources, targets, _OTHERS.because())]
