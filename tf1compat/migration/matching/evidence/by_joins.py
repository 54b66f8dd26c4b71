"""Evidence from where branches come together: what they are added to, and their order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from tf1compat.migration.matching.evidence.base import Evidence
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.state import EvidenceKind, Group, State

__all__ = ["ByJoins"]

Known = tuple[frozenset[Node], int]

_ADDED = EvidenceKind("added", "added to the same in both graphs", overrules_names=True)
_ADDED_REST = EvidenceKind("added_rest", "the others are told apart by what they are added to")
_BESIDE = EvidenceKind("beside", "same place of what stands side by side in both graphs")


class ByJoins(Evidence):
    """Tells apart branches that begin and end alike by what joins them.

    Of two branches from one tensor to one consumer, one may be added to what the other isn't. Of
    those that are put side by side, the consumer's kernel takes each by its place.
    """

    name = "joins"
    kinds = (_ADDED, _ADDED_REST, _BESIDE)

    def within(self, state: State, group: Group) -> list[Group] | None:
        if not group.balanced or len(group.sources) < 2:
            return None
        return _by_mates(state, group) or _by_place(state, group)


def _by_mates(state: State, group: Group) -> list[Group] | None:
    """Returns parts of equal mates, if all of the group has its like on the other side."""
    mates_s, mates_t = state.source.joins.mates, state.target.joins.mates
    sources = _by_known(group.sources, mates_s, {s: s for s in state.pairs})
    targets = _by_known(group.targets, mates_t, state.taken)
    counts = [Counter({k: len(v) for k, v in side.items()}) for side in (sources, targets)]
    if len(sources) < 2 or counts[0] != counts[1] or not any(paired for paired, _ in sources):
        return None
    kinds = {known: _ADDED if known[0] else _ADDED_REST for known in sources}
    return [group.part(sources[k], targets[k], kind.because()) for k, kind in kinds.items()]


def _by_known(
    nodes: Sequence[Node], mates: Mapping[Node, frozenset[Node]], known: Mapping[Node, Node]
) -> Mapping[Known, list[Node]]:
    """Returns the nodes by the sources of their mates that are paired, and how many aren't."""
    found: dict[Known, list[Node]] = defaultdict(list)
    for node in nodes:
        every = mates.get(node, frozenset())
        paired = frozenset(known[mate] for mate in every if mate in known)
        found[paired, len(every) - len(paired)].append(node)
    return found


def _by_place(state: State, group: Group) -> list[Group] | None:
    """Returns a part for each place; none where names speak against any of them."""
    sources = state.source.joins.in_order(group.sources)
    targets = state.target.joins.in_order(group.targets)
    if sources is None or targets is None:
        return None
    pairs = list(zip(sources, targets, strict=True))
    if not all(state.allows(s, t) for s, t in pairs):
        return None
    return [group.part([s], [t], _BESIDE.because()) for s, t in pairs]
