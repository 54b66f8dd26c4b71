"""Evidence from the scope tree: a scope whose other members went into one container."""

from __future__ import annotations

from collections import defaultdict

from tf1compat.migration.matching.evidence._branches import Branches, branches_of, levels_of
from tf1compat.migration.matching.evidence.base import Evidence
from tf1compat.migration.matching.state import EvidenceKind, Group, State

__all__ = ["ByContainers"]

_CONTAINERS = EvidenceKind("containers", "the rest of {scope} went into {container}")


class ByContainers(Evidence):
    """Tells apart branches of the scope tree whose matched members tell where they went."""

    name = "containers"
    kinds = (_CONTAINERS,)

    def within(self, state: State, group: Group) -> list[Group] | None:
        if not group.balanced:
            return None
        scopes, scope_depth = branches_of(group.sources)
        containers, container_depth = branches_of(group.targets)
        if len(scopes) < 2 or len(scopes) != len(containers):
            return None
        votes = _votes(state, scopes, scope_depth, container_depth)
        goes_to = _elected(votes, scopes, containers)
        if goes_to is None or any(
            len(scopes[scope]) != len(containers[container]) for scope, container in goes_to.items()
        ):
            return None
        return [
            group.part(
                scopes[scope],
                containers[container],
                _CONTAINERS.because(scope=scope, container=container),
            )
            for scope, container in goes_to.items()
        ]


def _votes(
    state: State, scopes: Branches, scope_depth: int, container_depth: int
) -> dict[str, set[str]]:
    """Returns, for each scope, the containers that its members already paired went into."""
    votes: dict[str, set[str]] = defaultdict(set)
    for source, pair in state.pairs.items():
        scope = "/".join(levels_of(source)[:scope_depth])
        if scope in scopes:
            votes[scope].add("/".join(levels_of(pair.target)[:container_depth]))
    return votes


def _elected(
    votes: dict[str, set[str]], scopes: Branches, containers: Branches
) -> dict[str, str] | None:
    """Returns where each scope goes, if the votes agree; one without any gets what is left."""
    if len(votes) < len(scopes) - 1 or any(len(found) != 1 for found in votes.values()):
        return None
    goes_to = {scope: next(iter(found)) for scope, found in votes.items()}
    if len(set(goes_to.values())) != len(goes_to) or not set(goes_to.values()) <= set(containers):
        return None
    for scope in scopes.keys() - goes_to.keys():  # at most one
        goes_to[scope] = next(iter(containers.keys() - set(goes_to.values())))
    return goes_to
