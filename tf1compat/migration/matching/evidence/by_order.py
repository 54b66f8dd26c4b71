"""Evidence from order: two runs of equal length, each in a row by numbers or by the data flow."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from tf1compat.migration.matching.evidence._nesting import in_same_nesting, varying_numbers
from tf1compat.migration.matching.evidence._ways import is_upwards, leads_upwards
from tf1compat.migration.matching.evidence.base import Evidence
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.places import (
    is_automatic,
    is_kind_of_layer,
    totally_ordered,
    words_of,
)
from tf1compat.migration.matching.state import EvidenceKind, Group, Side, State, chains

__all__ = ["ByOrder"]

_PARALLEL = frozenset(("branch", "tower", "path", "column"))
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
        sizes = [1] * len(sources)
        if not _carried(sources, targets):
            doubtful = _level_by_level(sources, targets) or _of_several_kinds(targets)
            if state.source.flow is None and doubtful:
                return None
            sizes = _stages(state, sources, targets)
        parts = list(_cut(sources, targets, sizes))
        pairs = zip(sources, targets, strict=True)
        if any(chains(s, t) in state.distrusted or not state.allows(s, t) for s, t in pairs):
            return None
        return [group.part(s, t, reason) for s, t in parts] if len(parts) > 1 else None


def _cut(
    sources: Sequence[Node], targets: Sequence[Node], sizes: Sequence[int]
) -> Iterator[tuple[Sequence[Node], Sequence[Node]]]:
    """Yields both runs in parts of these sizes."""
    for end, size in zip(itertools.accumulate(sizes), sizes, strict=True):
        yield sources[end - size : end], targets[end - size : end]


def _stages(state: State, sources: Sequence[Node], targets: Sequence[Node]) -> list[int]:
    """Returns how many targets at a time have no order but that of their numbers.

    Branches that don't feed each other may have been numbered the other way round by another
    program: there a rank tells nothing.
    """
    flow = state.target.flow
    stages = None if flow is None else flow.stages(targets)
    if flow is not None and stages is not None:
        sizes = [len(stage) for stage in stages]
        if not any(map(_branches, (sources, targets))):
            return sizes
        joins, found = state.target.joins, list[int]()
        for stage, _ in _cut(targets, targets, sizes):
            in_order = all(
                flow.leads(one, other) or joins.before(one, other, flow.leads)
                for one, other in itertools.pairwise(stage)
            )
            found += [1] * len(stage) if in_order else [len(stage)]
        return found
    automatic = all(is_automatic(node.place) for node in (*sources, *targets))
    return [len(targets)] if automatic else [1] * len(targets)


def _branches(nodes: Sequence[Node]) -> bool:
    """Tells whether numbers count branches on purpose: ``Branch_1`` is the second put together."""
    columns = varying_numbers([node.place for node in nodes]) or ()
    return any(label in _PARALLEL for label, _ in columns)


def _carried(sources: Sequence[Node], targets: Sequence[Node]) -> bool:
    """Tells whether names carry the order: the same numbers after the same words.

    What kind of layer it is are no such words: ``dense_1`` and ``fc1`` count what was made.
    """
    columns = [varying_numbers([node.place for node in some]) for some in (sources, targets)]
    if not all(columns):
        return False
    ours, others = (dict(some or ()) for some in columns)
    if ours.keys() != others.keys() or any(map(is_kind_of_layer, ours)):
        return False
    # One author counts from zero, the other from one.
    return all(
        len({a - b for a, b in zip(values, others[label], strict=True)}) == 1
        for label, values in ours.items()
    )


def _level_by_level(sources: Sequence[Node], targets: Sequence[Node]) -> bool:
    """Tells whether the sources' numbers may run against the flow: ``up_3`` before ``up_2``.

    The way up of a network that goes down before often has the numbers of the levels. That it is
    one, either side may say.
    """
    named = any(leads_upwards(words_of(text)) for text in _varying_texts(sources))
    return named or any(is_upwards(words_of(text)) for text in _varying_texts(targets))


def _of_several_kinds(targets: Sequence[Node]) -> bool:
    """Tells whether the model uses kernels of one shape in several ways: some up, some down.

    Which of the sources' numbers count the ones and which the others, a rank doesn't tell.
    """
    kinds = {item.uses for node in targets for role, item in node.members if role == "weight"}
    return len(kinds) > 1


def _varying_texts(nodes: Sequence[Node]) -> set[str]:
    """Returns the texts of the levels at which the numbers of nodes aren't all the same."""
    levels = zip(*(node.place.levels for node in nodes), strict=False)
    varying = [level for level in levels if len({numbers for _, numbers in level}) > 1]
    return {text for level in varying for text, _ in level}


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
