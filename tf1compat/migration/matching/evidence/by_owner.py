"""Evidence from what belongs together: a norm and the layer that it normalizes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tf1compat.migration.matching.evidence.base import Evidence, Proposal
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.state import EvidenceKind, State

__all__ = ["ByOwner"]

_FOLLOWS = EvidenceKind("owner", "it follows {owner}, as in the source")
_FOLLOWED = EvidenceKind("owned", "{owned} follows it")


class ByOwner(Evidence):
    """Pairs a norm with the norm of its conv's target, and a conv with the conv of its norm's."""

    name = "owner"
    kinds = (_FOLLOWS, _FOLLOWED)

    def across(self, state: State) -> Iterator[Proposal]:
        owners_s, owners_t = state.source.owners, state.target.owners
        yield from _norms(state, owners_s, owners_t)
        for norm, owner in owners_s.items():
            if norm in state.pairs and owner not in state.pairs:
                owned = state.pairs[norm].target
                carrier = owners_t.get(owned)
                if carrier is not None and state.signature(owner) == state.signature(carrier):
                    yield Proposal(owner, carrier, _FOLLOWED.because(owned=owned.place.path))


def _norms(
    state: State, owners_s: Mapping[Node, Node], owners_t: Mapping[Node, Node]
) -> Iterator[Proposal]:
    """Yields the norms whose owners are paired and that are the only ones of their kind there."""
    wanted: dict[tuple[Node, object], list[Node]] = defaultdict(list)
    for target, owner in owners_t.items():
        if target not in state.taken:
            wanted[owner, state.signature(target)].append(target)
    asking: dict[tuple[Node, object], list[Node]] = defaultdict(list)
    for source, owner in owners_s.items():
        if source not in state.pairs and owner in state.pairs:
            asking[state.pairs[owner].target, state.signature(source)].append(source)
    for (owner, signature), sources in asking.items():
        targets = wanted.get((owner, signature), [])
        if len(sources) == len(targets) == 1:
            yield Proposal(sources[0], targets[0], _FOLLOWS.because(owner=owner.place.path))
