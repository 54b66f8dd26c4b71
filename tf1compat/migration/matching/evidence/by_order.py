"""Evidence from order: two runs of equal length, each in a row by numbers or by the data flow."""

from __future__ import annotations

from collections.abc import Sequence

from tf1compat.migration.matching.evidence._nesting import in_same_nesting, varying_numbers
from tf1compat.migration.matching.evidence.base import Evidence
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.places import is_automatic, is_counted, totally_ordered
from tf1compat.migration.matching.state import EvidenceKind, Group, Side, State, chains

__all__ = ["ByOrder"]

_NUMBERS = EvidenceKind("numbers", "same rank among {count} in order", by_order=True)
_LABELS = EvidenceKind("labels", "same numbers after the same words", reordered=True)


class ByOrder(Evidence):
    """Lines up two runs of equal length, each ordered by numbers or by the data flow."""

    name = "order"
    kinds = (_NUMBERS, _LABELS)

    def within(self, state: State, group: Group) -> list[Group] | None:
        if not group.balanced:
            return None
        numbered_s = _numbered(state.source, group.sources)
        numbered_t = _numbered(state.target, group.targets)
        sources = numbered_s or _in_a_row(state.source, group.sources)
        targets = numbered_t or _in_a_row(state.target, group.targets)
        if sources is None or targets is None or any(map(state.counts_otherwise, sources)):
            return None
        reason = _NUMBERS.because(count=len(sources))
        if numbered_s and numbered_t:
            order = in_same_nesting([s.place for s in sources], [t.place for t in targets])
            if order is None or _flattened(sources, targets):
                return None
            if order != sorted(order):
                reason = _LABELS.because()
            targets = tuple(targets[i] for i in order)
        pairs = list(zip(sources, targets, strict=True))
        if _counted_by_itself(state, sources, targets):
            return None
        if any(chains(s, t) in state.distrusted or not state.allows(s, t) for s, t in pairs):
            return None
        return [group.part([s], [t], reason) for s, t in pairs]


def _counted_by_itself(state: State, sources: Sequence[Node], targets: Sequence[Node]) -> bool:
    """Tells whether nothing but the order of creation lines parallel branches up.

    ``dense`` and ``dense_1`` are counted as they are made. Where none feeds the other, another
    program may as well have made them the other way round. Heads that nothing follows have nothing
    else to tell them by, so that numbers of the other side are no evidence either.
    """
    automatic = all(is_automatic(node.place) for node in (*sources, *targets))
    flow = state.target.flow
    if flow is None:
        return automatic
    heads = all(node in flow.consumers and not flow.consumers[node] for node in targets)
    counted = [is_counted([node.place for node in some]) for some in (sources, targets)]
    one_sided = heads and counted[0] != counted[1]
    return (automatic or one_sided) and flow.chain(targets) is None


def _flattened(sources: Sequence[Node], targets: Sequence[Node]) -> bool:
    """Tells whether one number on one side faces several on the other, in doubtful order.

    ``left1_0, left1_1, left2_0`` may count cells of sides or sides of cells; only where the targets
    were created in that order too is it taken for theirs.
    """
    varying = [
        len(varying_numbers([node.place for node in nodes]) or ()) for nodes in (sources, targets)
    ]
    created = [target.order for target in targets]
    return min(varying) == 1 < varying[1] and created != sorted(created)


def _numbered(side: Side, nodes: Sequence[Node]) -> tuple[Node, ...] | None:
    """Returns the nodes by their numbers, where all have an order and the flow agrees with it."""
    ordered = tuple(sorted(nodes, key=lambda node: node.place.levels))
    if not totally_ordered([node.place for node in ordered]):
        return None
    return None if side.flow is not None and side.flow.contradicts(ordered) else ordered


def _in_a_row(side: Side, nodes: Sequence[Node]) -> tuple[Node, ...] | None:
    """Returns the nodes along the data flow, where they stand in a row and numbers don't object."""
    if side.flow is None or totally_ordered(
        sorted((node.place for node in nodes), key=lambda place: place.levels)
    ):
        return None
    return side.flow.chain(nodes)
