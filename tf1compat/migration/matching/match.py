"""Matching v1 variables with Keras weights: whole modules first, then single items."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from tf1compat.checkpoint.meta.branch_joins import Join
from tf1compat.migration.matching._flow import flow_between
from tf1compat.migration.matching._joined_nodes import Joins
from tf1compat.migration.matching._members import module_fits, pair_members
from tf1compat.migration.matching.nodes import (
    Item,
    Node,
    coarse_role,
    item_nodes,
    module_nodes,
    nodes_of_items,
)
from tf1compat.migration.matching.solver import Solution, solve
from tf1compat.migration.matching.state import EvidenceKind, Pair, Side
from tf1compat.names.reasons import Reason

__all__ = ["GIVEN", "Matching", "Tie", "match_items"]

GIVEN = EvidenceKind("given", "{source} goes there by rule")

Producers = Mapping[str, Sequence[str]]


@dataclasses.dataclass(frozen=True)
class Tie:
    """Sources and targets that nothing tells apart.

    Attributes:
      sources: paths of the sources; every one could go to any of the targets.
      targets: paths of the targets.
      evidence: what is known of them all.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    evidence: tuple[Reason, ...]


@dataclasses.dataclass(frozen=True)
class Matching:
    """What was found.

    Attributes:
      pairs: for the path of each source that was matched, the target's path and the evidence.
      ties: groups of equals; none of their members is in `pairs`.
    """

    pairs: Mapping[str, tuple[str, tuple[Reason, ...]]]
    ties: tuple[Tie, ...]


def match_items(
    sources: Sequence[Item],
    targets: Sequence[Item],
    *,
    source_flow: Producers | None = None,
    target_flow: Producers | None = None,
    source_joins: Sequence[Join] = (),
    target_joins: Sequence[Join] = (),
    given: Mapping[str, str] = MappingProxyType({}),
) -> Matching:
    """Returns the pairs that roles, shapes, names, numbering, scopes and data flow support.

    Args:
      sources: the v1 variables, without slots and the like.
      targets: the Keras weights.
      source_flow: for the path of each source the paths of those that feed it, where a graph is
        known.
      target_flow: the same for the targets.
      source_joins: where what sources made is added up or put side by side, by their paths.
      target_joins: the same for the targets.
      given: paths of sources and of the targets they are known to go to; they are evidence for the
        others.

    Returns:
      the pairs found, without the given ones, and the ties.
    """
    modules_s, modules_t = module_nodes(sources, source_flow), module_nodes(targets)
    while crossing := _crossing(modules_s, modules_t, given):
        sources = _without(sources, crossing)
        targets = _without(targets, (given[path] for path in crossing))
        given = {s: t for s, t in given.items() if s not in crossing}
        # A scope may be several modules, as may a layer: what is left out changes which.
        modules_s, modules_t = module_nodes(sources, source_flow), module_nodes(targets)
    modules = solve(
        Side(
            modules_s,
            flow_between(modules_s, source_flow),
            _absent(modules_s, modules_t),
            Joins(modules_s, source_joins),
        ),
        Side(
            modules_t,
            flow_between(modules_t, target_flow),
            joins=Joins(modules_t, target_joins),
        ),
        fits=module_fits(),
        known=_given_modules(modules_s, modules_t, given),
    )
    known = _members(modules, given)
    pairs = {path: (partner, pair.evidence) for path, (partner, pair) in known.items()}
    ties = tuple(_ties(modules))
    left_s = _without(sources, (path for tie in ties for path in tie.sources))
    left_t = _without(targets, (path for tie in ties for path in tie.targets))
    if len(known) not in (len(left_s), len(left_t)):  # else whole modules told all there is
        singles_s, singles_t = item_nodes(left_s), item_nodes(left_t)
        singles = solve(
            Side(singles_s),
            Side(singles_t),
            fits=_within_partners(modules_s, modules_t, modules),
            known=_known_singles(singles_s, singles_t, known),
        )
        pairs = {s.path: (pair.target.path, pair.evidence) for s, pair in singles.pairs.items()}
        ties += tuple(_ties(singles))
    return Matching({path: pair for path, pair in pairs.items() if path not in given}, ties)


def _without(items: Sequence[Item], paths: Iterable[str]) -> list[Item]:
    gone = set(paths)
    return [item for item in items if item.path not in gone]


def _crossing(
    sources: Sequence[Node], targets: Sequence[Node], given: Mapping[str, str]
) -> set[str]:
    """Returns given sources that part a module's members, or join those of several modules."""
    node_s, node_t = nodes_of_items(sources), nodes_of_items(targets)
    ends = {(node_s[s], node_t[t]) for s, t in given.items()}
    often_s = Counter(s for s, _ in ends)
    often_t = Counter(t for _, t in ends)
    return {s for s, t in given.items() if max(often_s[node_s[s]], often_t[node_t[t]]) > 1}


def _absent(sources: Sequence[Node], targets: Sequence[Node]) -> frozenset[str]:
    """Returns the paths of all scopes around modules that nothing on the other side is like."""
    known = {node.signatures[1] for node in targets}
    found = set()
    for node in sources:
        path = node.path
        while path and node.signatures[1] not in known and path not in found:
            found.add(path)
            path = path.rpartition("/")[0]
    return frozenset(found)


def _given_modules(
    sources: Sequence[Node], targets: Sequence[Node], given: Mapping[str, str]
) -> dict[Node, Pair]:
    """Returns the modules that given pairs of their members pair."""
    node_s, node_t = nodes_of_items(sources), nodes_of_items(targets)
    return {node_s[s]: Pair(node_t[t], (GIVEN.because(source=s),)) for s, t in given.items()}


def _members(modules: Solution, given: Mapping[str, str]) -> dict[str, tuple[str, Pair]]:
    """Returns the items of paired modules, by path; their module's evidence is theirs."""
    found = {}
    for source, pair in modules.pairs.items():
        by_path = {item.path: item for item in _items((pair.target,))}
        ruled = {i: by_path[given[i.path]] for i in _items((source,)) if i.path in given}
        for item, partner in {**pair_members(source, pair.target), **ruled}.items():
            if item in ruled or partner not in ruled.values():
                found[item.path] = (partner.path, pair)
    return found


def _known_singles(
    sources: Sequence[Node], targets: Sequence[Node], members: Mapping[str, tuple[str, Pair]]
) -> dict[Node, Pair]:
    node_s, node_t = nodes_of_items(sources), nodes_of_items(targets)
    return {
        node_s[path]: Pair(node_t[partner], pair.evidence)
        for path, (partner, pair) in members.items()
    }


def _within_partners(
    modules_s: Sequence[Node], modules_t: Sequence[Node], modules: Solution
) -> Callable[[Node, Node], bool]:
    """Returns the check that roles and shapes fit, and that modules are partners.

    A layer's variables may come from several scopes, and one scope may feed several layers: an item
    that its module's partner has no place for may go elsewhere, and a target that the partner of
    its layer has nothing for may be filled from elsewhere.
    """
    module_s, module_t = nodes_of_items(modules_s), nodes_of_items(modules_t)
    partner_s = {source: pair.target for source, pair in modules.pairs.items()}
    partner_t = {target: source for source, target in partner_s.items()}

    def fits(source: Node, target: Node) -> bool:
        (item_s,), (item_t,) = _items((source,)), _items((target,))
        at_s, at_t = module_s[item_s.path], module_t[item_t.path]
        return (
            _may_hold(item_s, item_t)
            and (partner_s.get(at_s, at_t) is at_t or not _any_holds(item_s, partner_s[at_s]))
            and (partner_t.get(at_t, at_s) is at_s or not _any_held(partner_t[at_t], item_t))
        )

    return fits


def _may_hold(source: Item, target: Item) -> bool:
    """Tells whether roles and shapes allow that a target holds a source."""
    roles = {coarse_role(item.role, item.shape) for item in (source, target)}
    # A frozen graph calls a GRU's bias [2, 3n] Read_2: what names don't tell may be of any role.
    untold = source.role == "unknown" and source.shape == target.shape
    if len(roles) > 1 and "vector" not in roles and not untold:
        return False
    return source.may_be(target)


def _any_holds(source: Item, module: Node) -> bool:
    """Tells whether a member of the layer that a source's scope went to can hold it.

    Where none can, as of a scope that has a convolution and its norm, it belongs to another layer.
    """
    return any(_may_hold(source, item) for _, item in module.members)


def _any_held(module: Node, target: Item) -> bool:
    """Tells whether a member of the scope that went to a target's layer can be its source."""
    return any(_may_hold(item, target) for _, item in module.members)


def _ties(solution: Solution) -> Iterator[Tie]:
    for group in solution.groups:
        sources = tuple(item.path for item in _items(group.sources))
        targets = tuple(item.path for item in _items(group.targets))
        yield Tie(sources, targets, group.evidence)


def _items(nodes: Sequence[Node]) -> list[Item]:
    return [item for node in nodes for _, item in node.members]
