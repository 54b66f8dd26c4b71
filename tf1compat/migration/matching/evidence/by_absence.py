"""Evidence from what is missing: scopes that the model doesn't have."""

from __future__ import annotations

from tf1compat.migration.matching.evidence._branches import branches_of
from tf1compat.migration.matching.evidence.base import Evidence
from tf1compat.migration.matching.state import EvidenceKind, Group, State

__all__ = ["ByAbsence"]

_ABSENCE = EvidenceKind("absence", "{scopes} holds what the model doesn't have")


class ByAbsence(Evidence):
    """Leaves out the surplus sources, if they are those of scopes that the model doesn't have.

    An auxiliary head is such a scope: something in it has no counterpart, and without its members
    there are as many sources as targets.
    """

    name = "absence"
    kinds = (_ABSENCE,)
    leaves_out = True

    def within(self, state: State, group: Group) -> list[Group] | None:
        if len(group.sources) <= len(group.targets):
            return None
        branches, _ = branches_of(group.sources)
        gone = tuple(branch for branch in branches if branch in state.source.absent)
        staying = [n for branch, nodes in branches.items() if branch not in gone for n in nodes]
        if len(staying) != len(group.targets):
            return None
        return [group.part(staying, group.targets, _ABSENCE.because(scopes=gone))]
