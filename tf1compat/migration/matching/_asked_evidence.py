"""What evidence answers, checked: it may come from outside the package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tf1compat.errors import UsageError
from tf1compat.migration.matching.evidence import Evidence, Proposal
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.state import Group, State
from tf1compat.names.reasons import Reason
from tf1compat.registry import asked, briefly, is_a

__all__ = ["following_by", "leads_on", "parts_by", "proposals_by"]


def parts_by(evidence: Evidence, state: State, group: Group) -> Sequence[Group]:
    """Returns the parts of a group that evidence tells apart; none where it tells nothing.

    Raises:
      UsageError: the parts could go on for ever, lose or make up nodes, or make up reasons.
    """
    parts: Sequence[Group] | None = asked(
        _called(evidence),
        "within",
        call=lambda: evidence.within(state, group),
        fits=lambda found: found is None or _are_parts(found),
        words="a list of parts of a group, or None,",
    )
    if not parts:
        return ()
    for side in ("sources", "targets"):
        _check_side(evidence, getattr(group, side), [getattr(part, side) for part in parts], side)
    whole = len(group.sources) + len(group.targets)
    if any(len(part.sources) + len(part.targets) == whole for part in parts):
        raise UsageError(
            f"{_called(evidence)}: expected parts smaller than the group, found the group itself; "
            "return None where nothing is told apart"
        )
    for reason in (reason for part in parts for reason in part.evidence):
        if reason not in group.evidence:
            _check_kind(evidence, reason)
    return parts


def proposals_by(evidence: Evidence, state: State) -> list[Proposal]:
    """Returns the pairs across groups that evidence proposes.

    Raises:
      UsageError: one is no Proposal of a source and a target of this matching, or makes up its
        reason.
    """
    return _proposals(evidence, "across", state, lambda: evidence.across(state))


def leads_on(evidence: Evidence) -> bool:
    """Tells whether pairs may follow by evidence: most don't, and needn't be asked at each pair."""
    return getattr(evidence.following, "__func__", None) is not Evidence.following


def following_by(evidence: Evidence, state: State, source: Node) -> list[Proposal]:
    """Returns the pairs that, as evidence says, follow from that of `source`.

    Raises:
      UsageError: as :func:`proposals_by`.
    """
    return _proposals(evidence, "following", state, lambda: evidence.following(state, source))


def _proposals(
    evidence: Evidence, method: str, state: State, call: Callable[[], Iterable[Proposal]]
) -> list[Proposal]:
    whose, words = _called(evidence), "proposals, one after the other,"
    found = asked(whose, method, call=call, fits=is_a(Iterable), words=words)
    proposals: list[Proposal] = asked(whose, method, call=lambda: list(found), words=words)
    for one in proposals:
        if not isinstance(one, Proposal):
            raise UsageError(f"{whose}: expected a Proposal, found {briefly(one)}")
        _check_kind(evidence, one.reason)
        for node, side, what in (
            (one.source, state.source, "source"),
            (one.target, state.target, "target"),
        ):
            if not isinstance(node, Node) or node not in side.known:
                raise UsageError(
                    f"{whose}: expected to be given back a {what} of this matching as {what}, "
                    f"found {briefly(getattr(node, 'path', node))}"
                )
    return proposals


def _check_side(
    evidence: Evidence, given: Sequence[Node], parts: Sequence[Sequence[Node]], side: str
) -> None:
    """Raises UsageError for parts that share nodes of a side, make some up or lose some."""
    nodes = [node for part in parts for node in part]
    held = set(nodes)
    if len(nodes) > len(held) or not held <= set(given):
        raise UsageError(
            f"{_called(evidence)}: expected parts of a group that share none of its {side}, found "
            f"{[node.path for node in nodes]}"
        )
    lost = [node.path for node in given if node not in held]
    if lost and not getattr(evidence, "leaves_out", False):
        raise UsageError(
            f"{_called(evidence)}: expected parts that hold all {side} of the group, found none "
            f"with {', '.join(lost)}; give leaves_out = True where they belong to none"
        )


def _check_kind(evidence: Evidence, reason: Reason) -> None:
    if not isinstance(reason, Reason):
        raise UsageError(
            f"{_called(evidence)}: expected a reason that one of its kinds gives, found "
            f"{briefly(reason)}"
        )
    if reason.kind not in evidence.kinds:
        raise UsageError(
            f"{_called(evidence)}: expected a reason of one of its kinds, found the kind "
            f"{reason.kind.name!r}; put it into `kinds`"
        )


def _are_parts(found: Any) -> bool:
    return isinstance(found, Sequence) and all(
        isinstance(part, Group)
        and isinstance(part.evidence, tuple)
        and all(_are_nodes(nodes) for nodes in (part.sources, part.targets))
        for part in found
    )


def _are_nodes(nodes: Any) -> bool:
    return isinstance(nodes, tuple) and all(isinstance(node, Node) for node in nodes)


def _called(evidence: Evidence) -> str:
    return f"evidence {evidence.name!r}"
