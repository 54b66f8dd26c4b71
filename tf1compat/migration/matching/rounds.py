"""Matching in rounds: whole modules first, then what modules are known by, then single items."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from types import MappingProxyType

from tf1compat.migration.matching._flow import Flow
from tf1compat.migration.matching._modules import (
    Module,
    coarse_role,
    fits,
    items_by_module,
    make_modules,
    pair_members,
)
from tf1compat.migration.matching.item import Item
from tf1compat.migration.matching.places import Place, make_places
from tf1compat.migration.matching.shapes import same_elements
from tf1compat.migration.matching.solver import Solution, Tie, solve
from tf1compat.migration.matching.state import Group, Pair, Side

__all__ = ["Matching", "match_items"]

Producers = Mapping[str, Sequence[str]]


@dataclasses.dataclass(frozen=True)
class Matching:
    """What was found.

    Attributes:
      pairs: for the path of each source that was matched, the target's path and the evidence.
      ties: groups of equals; none of their members is in `pairs`.
    """

    pairs: Mapping[str, tuple[str, tuple[str, ...]]]
    ties: tuple[Tie, ...]


def match_items(
    sources: Sequence[Item],
    targets: Sequence[Item],
    *,
    source_flow: Producers | None = None,
    target_flow: Producers | None = None,
    given: Mapping[str, str] = MappingProxyType({}),
) -> Matching:
    """Returns the pairs that roles, shapes, names, numbering, scopes and data flow support.

    Args:
      sources: the v1 variables, without slots and the like.
      targets: the Keras weights.
      source_flow: for the path of each source the paths of those that feed it, where a graph is
        known.
      target_flow: the same for the targets.
      given: paths of sources and of the targets they are known to go to; they are evidence for the
        others.

    Returns:
      the pairs found, without the given ones, and the ties.
    """
    sources, targets, given = _usable(sources, targets, given)
    own, other = make_modules(sources), make_modules(targets)
    flow_s, flow_t = _flow(own, source_flow), _flow(other, target_flow)
    known = _given_modules(own, other, given)
    places_s = make_places(module.path for module in own)
    places_t = make_places(module.path for module in other)
    absent, can_pair = _absent(own, other), _module_fits(own, other)
    for signature in (_whole, _main):
        solution = solve(
            _side(own, places_s, signature=signature, flow=flow_s, absent=absent),
            _side(other, places_t, signature=signature, flow=flow_t),
            fits=can_pair,
            known=known,
        )
        known = dict(solution.pairs)
    ties = [_tied_members(own, other, group) for group in solution.groups]
    found = _members(own, other, known, given)
    matching = _single_items(sources, targets, own, other, found, ties)
    return dataclasses.replace(
        matching, pairs={s: pair for s, pair in matching.pairs.items() if s not in given}
    )


def _usable(
    sources: Sequence[Item], targets: Sequence[Item], given: Mapping[str, str]
) -> tuple[Sequence[Item], Sequence[Item], Mapping[str, str]]:
    """Leaves out given pairs that send a module's members to several modules, or join several."""
    module_s = {item.path: item.module for item in sources}
    module_t = {item.path: item.module for item in targets}
    ends = {(module_s[s], module_t[t]) for s, t in given.items()}
    often_s = Counter(s for s, _ in ends)
    often_t = Counter(t for _, t in ends)
    used = {
        s: t for s, t in given.items() if often_s[module_s[s]] == 1 and often_t[module_t[t]] == 1
    }
    out_s = given.keys() - used.keys()
    out_t = {given[s] for s in out_s}
    return (
        [item for item in sources if item.path not in out_s],
        [item for item in targets if item.path not in out_t],
        used,
    )


def _given_modules(
    own: Sequence[Module], other: Sequence[Module], given: Mapping[str, str]
) -> dict[int, Pair]:
    """Returns the modules that given pairs of their members pair."""
    module_s = {item.path: node for item, node in items_by_module(own).items()}
    module_t = {item.path: node for item, node in items_by_module(other).items()}
    return {
        module_s[s]: Pair(module_t[t], (f"{s} goes there by rule",), frozenset({"given"}))
        for s, t in given.items()
    }


def _whole(module: Module) -> Hashable:
    return module.signature


def _main(module: Module) -> Hashable:
    return module.main_signature


def _side(
    modules: Sequence[Module],
    places: Sequence[Place],
    *,
    signature: Callable[[Module], Hashable],
    flow: Flow | None,
    absent: frozenset[str] = frozenset(),
) -> Side:
    return Side(
        places,
        [signature(module) for module in modules],
        [module.shapes for module in modules],
        [module.carries for module in modules],
        flow,
        absent,
    )


def _absent(own: Sequence[Module], other: Sequence[Module]) -> frozenset[str]:
    """Returns the paths of all scopes around modules that nothing on the other side is like."""
    known = {module.main_signature for module in other}
    found = set()
    for module in own:
        path = module.path
        while path and module.main_signature not in known and path not in found:
            found.add(path)
            path = path.rpartition("/")[0]
    return frozenset(found)


def _flow(modules: Sequence[Module], producers: Producers | None) -> Flow | None:
    """Returns the flow between modules that the flow between their items amounts to."""
    if producers is None:
        return None
    module_of = {item.path: node for item, node in items_by_module(modules).items()}
    feeds: dict[int, dict[int, None]] = {}
    for path, feeding in producers.items():
        if path in module_of:
            found = feeds.setdefault(module_of[path], {})
            found.update((module_of[p], None) for p in feeding if p in module_of)
    for node, found in list(feeds.items()):
        found.pop(node, None)
        for producer in found:
            feeds.setdefault(producer, {})
    return Flow({node: tuple(found) for node, found in feeds.items()})


def _module_fits(own: Sequence[Module], other: Sequence[Module]) -> Callable[[int, int], bool]:
    @functools.cache
    def by_shape(source: Hashable, target: Hashable, s: int, t: int) -> bool:
        return fits(own[s], other[t])

    first_s: dict[Hashable, int] = {}
    first_t: dict[Hashable, int] = {}
    shapes_s = [module.shapes for module in own]
    shapes_t = [module.shapes for module in other]

    def check(source: int, target: int) -> bool:
        s, t = shapes_s[source], shapes_t[target]
        return by_shape(s, t, first_s.setdefault(s, source), first_t.setdefault(t, target))

    return check


def _members(
    own: Sequence[Module],
    other: Sequence[Module],
    known: Mapping[int, Pair],
    given: Mapping[str, str],
) -> dict[Item, tuple[Item, Pair]]:
    """Returns the items of paired modules, paired by role; the kernel's evidence is all's."""
    found = {}
    for source, pair in known.items():
        target = other[pair.target]
        by_path = {item.path: item for _, item in target.members}
        ruled = {i: by_path[given[i.path]] for _, i in own[source].members if i.path in given}
        for item, partner in {**pair_members(own[source], target), **ruled}.items():
            if item in ruled or partner not in ruled.values():
                found[item] = (partner, pair)
    return found


def _tied_members(
    own: Sequence[Module], other: Sequence[Module], group: Group
) -> tuple[list[Item], list[Item], tuple[str, ...]]:
    return (
        [item for s in group.sources for _, item in own[s].members],
        [item for t in group.targets for _, item in other[t].members],
        group.evidence,
    )


def _single_items(
    sources: Sequence[Item],
    targets: Sequence[Item],
    own: Sequence[Module],
    other: Sequence[Module],
    found: Mapping[Item, tuple[Item, Pair]],
    ties: Sequence[tuple[list[Item], list[Item], tuple[str, ...]]],
) -> Matching:
    tied = {item for s, t, _ in ties for item in (*s, *t)}
    left_s = [item for item in sources if item not in tied]
    left_t = [item for item in targets if item not in tied]
    places = {item: i for i, item in enumerate(left_t)}
    at = {item: i for i, item in enumerate(left_s)}
    known = {
        at[item]: Pair(places[partner], pair.evidence, pair.kinds)
        for item, (partner, pair) in found.items()
    }
    belongs = _same_modules(left_s, left_t, own, other, found)
    places_s = make_places(item.path for item in left_s)
    places_t = make_places(item.path for item in left_t)
    for signature in (_role_and_size, _size):
        solution = solve(
            _item_side(left_s, places_s, signature=signature),
            _item_side(left_t, places_t, signature=signature),
            fits=belongs,
            known=known,
        )
        known = dict(solution.pairs)
    open_ties = [
        ([left_s[s] for s in g.sources], [left_t[t] for t in g.targets], g.evidence)
        for g in solution.groups
    ]
    return _matching(left_s, left_t, solution, [*ties, *open_ties])


def _matching(
    sources: Sequence[Item], targets: Sequence[Item], solution: Solution, ties: Sequence
) -> Matching:
    return Matching(
        {
            sources[s].path: (targets[pair.target].path, pair.evidence)
            for s, pair in solution.pairs.items()
        },
        tuple(Tie(tuple(i.path for i in s), tuple(i.path for i in t), e) for s, t, e in ties),
    )


def _role_and_size(item: Item) -> Hashable:
    return coarse_role(item.role, item.shape), math.prod(item.shape)


def _size(item: Item) -> Hashable:
    return math.prod(item.shape)


def _item_side(
    items: Sequence[Item], places: Sequence[Place], *, signature: Callable[[Item], Hashable]
) -> Side:
    return Side(
        places,
        [signature(item) for item in items],
        [(item.role, item.shape) for item in items],
        [False] * len(items),
    )


def _same_modules(
    sources: Sequence[Item],
    targets: Sequence[Item],
    own: Sequence[Module],
    other: Sequence[Module],
    found: Mapping[Item, tuple[Item, Pair]],
) -> Callable[[int, int], bool]:
    """Returns the check that an item's role and shape fit and that its module, if it has a
    partner, has the target's.
    """
    module_s, module_t = items_by_module(own), items_by_module(other)
    partner_s = {module_s[item]: pair.target for item, (_, pair) in found.items()}
    partner_t = {target: source for source, target in partner_s.items()}

    def check(s: int, t: int) -> bool:
        source, target = sources[s], targets[t]
        roles = {coarse_role(i.role, i.shape) for i in (source, target)}
        if len(roles) > 1 and "vector" not in roles:
            return False
        at_s, at_t = module_s[source], module_t[target]
        return (
            same_elements(source.shape, target.shape)
            and partner_s.get(at_s, at_t) == at_t
            and partner_t.get(at_t, at_s) == at_s
        )

    return check
