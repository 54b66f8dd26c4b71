"""Evidence from the data flow of both graphs: nodes that come one stage after the other."""

from __future__ import annotations

from tf1compat.migration.matching.evidence.base import Evidence
from tf1compat.migration.matching.state import EvidenceKind, Group, State

__all__ = ["ByStages"]

_STAGES = EvidenceKind("stages", "same stage of {count} of the data flow of both graphs")


class ByStages(Evidence):
    """Lines up the stages of two flows: all of a stage feed all of every later one."""

    name = "stages"
    kinds = (_STAGES,)

    def within(self, state: State, group: Group) -> list[Group] | None:
        flows = state.source.flow, state.target.flow
        if flows[0] is None or flows[1] is None or not group.balanced:
            return None
        sources, targets = flows[0].stages(group.sources), flows[1].stages(group.targets)
        if sources is None or targets is None or len(sources) < 2:
            return None
        if [*map(len, sources)] != [*map(len, targets)]:
            return None
        reason = _STAGES.because(count=len(sources))
        return [group.part(s, t, reason) for s, t in zip(sources, targets, strict=True)]
