"""Rules about whole layers: the variables of scopes paired with the weights of layers."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from tf1compat.errors import Problem
from tf1compat.migration.matching import Item, match_items
from tf1compat.migration.matching.nodes import item_nodes, trusted_role
from tf1compat.migration.matching.objections import Objections
from tf1compat.migration.matching.shapes import same_elements
from tf1compat.migration.planning._kinds import filled_by
from tf1compat.migration.planning._sides import Sides
from tf1compat.migration.planning.lines import Fill
from tf1compat.names import RuleMatch, nearest_names

__all__ = ["Meant", "pair_layers"]

_HERE = "layer"  # stands for scope and layer, whose own names say no more once a rule pairs them


Meant = Callable[[Sequence[str], Sequence[str]], tuple[Sequence[Fill], Sequence[Problem]]]
"""Fills of all of some targets from all of some sources by what these mean; none where that fails,
with the problems that are known."""


@dataclasses.dataclass
class Paired:
    """What became of the sources that go to layers.

    Attributes:
      matches: a match with a target for each source that goes there as it stands.
      fills: what is filled by what the sources of a layer mean together.
      problems: what didn't pair.
    """

    matches: list[RuleMatch] = dataclasses.field(default_factory=list)
    fills: list[Fill] = dataclasses.field(default_factory=list)
    problems: list[Problem] = dataclasses.field(default_factory=list)


def pair_layers(
    members: Iterable[RuleMatch], sides: Sides, *, spoken: Collection[str], meant: Meant
) -> Paired:
    """Returns the pairs of sources that go to layers, and what didn't pair.

    Members are paired by role, shape and what their names say within scope and layer, and then what
    is left alone with its role and shape on both sides. All of them have to be. Where they aren't,
    as of a recurrent cell whose gates stand in another order, what they mean decides.

    Args:
      members: the sources and their layers, of all rules.
      sides: both sides.
      spoken: targets that other rules fill or keep.
      meant: fills layers by what variables mean.
    """
    every = list(members)
    wanted = [found for found in every if found.name not in sides.training]
    layers = {found.layer or "" for found in wanted}
    held: dict[str, list[str]] = {layer: [] for layer in layers}
    for path in sides.targets:
        layer = _around(path, layers)
        if layer and path not in sides.states:
            held[layer].append(path)
    result = Paired(problems=[*_of_training(every, wanted), *_strangers(wanted, held, sides)])
    for group in _groups(found for found in wanted if held[found.layer or ""]):
        paths = [path for layer in group.layers for path in held[layer] if path not in spoken]
        found, wrong = _pair(group, paths, sides)
        if wrong:
            fills, known = meant([one.name for one in group.members], paths)
            why = filled_by(group.members)
            result.fills += [dataclasses.replace(f, because=(why, *f.because)) for f in fills]
            origin = group.members[0].origin
            known = [dataclasses.replace(problem, origin=origin) for problem in known]
            found, wrong = ([], known) if fills or known else (found, wrong)
        result.matches += found
        result.problems += wrong
    return result


def _around(path: str, layers: Collection[str]) -> str:
    """Returns the innermost of `layers` that a path is in; ``""`` if none."""
    while path:
        path = path.rpartition("/")[0]
        if path in layers:
            return path
    return ""


@dataclasses.dataclass
class _Group:
    """Scopes and layers whose members are paired together."""

    layers: list[str]
    members: list[RuleMatch]


def _groups(wanted: Iterable[RuleMatch]) -> list[_Group]:
    """Returns the layers with their sources; those that one scope feeds are together."""
    by_layer: dict[str, list[RuleMatch]] = defaultdict(list)
    for found in wanted:
        by_layer[found.layer or ""].append(found)
    group_of: dict[str, _Group] = {}  # by layer
    first: dict[str, str] = {}  # the first layer of each source that isn't shared
    for layer, members in by_layer.items():
        mine = group_of[layer] = _Group([layer], list(members))
        own = [found.name for found in members if not found.rule.shared]
        for name in own:
            other = group_of[first.setdefault(name, layer)]
            if other is not mine:
                mine = _Group([*other.layers, *mine.layers], [*other.members, *mine.members])
                group_of |= dict.fromkeys(mine.layers, mine)
    return list({id(group): group for group in group_of.values()}.values())


def _of_training(every: Sequence[RuleMatch], wanted: Iterable[RuleMatch]) -> Iterator[Problem]:
    """Yields a problem for each scope that has nothing but slots, averages and the like."""
    left = {(found.scope, found.layer) for found in wanted}
    for (scope, layer), found in {(m.scope, m.layer): m for m in every}.items():
        if (scope, layer) not in left:
            expected = "a scope that holds variables of the model"
            remedy = "mend the rule's scope, or send these by rules with source and target"
            yield Problem(scope, expected, f"{found.name} and the like", found.origin, remedy)


def _strangers(
    wanted: Sequence[RuleMatch], held: Mapping[str, Sequence[str]], sides: Sides
) -> Iterator[Problem]:
    """Yields a problem for each layer that the model doesn't have, or that holds no weights."""
    known = dict.fromkeys(item.module for item in sides.targets.values())
    said = {found.layer or "": found for found in reversed(wanted)}
    for layer, found in said.items():
        if not held[layer] and not any(path.startswith(f"{layer}/") for path in sides.targets):
            near = ", ".join(nearest_names(layer, known))
            remedy = f"nearest: {near}" if near else "mend the rule's layer"
            expected = "a layer of the model that holds weights"
            yield Problem(found.scope, expected, layer, found.origin, remedy)


def _pair(
    group: _Group, paths: Sequence[str], sides: Sides
) -> tuple[list[RuleMatch], list[Problem]]:
    matches = {found.name: found for found in group.members}
    scopes = {found.scope for found in group.members}
    inside_s = [_inside(sides.sources[name], scopes) for name in matches]
    inside_t = [_inside(sides.targets[path], set(group.layers)) for path in paths]
    names = {item.path: name for item, name in zip(inside_s, matches, strict=True)}
    to = {item.path: path for item, path in zip(inside_t, paths, strict=True)}
    found = {s: t for s, (t, _) in match_items(inside_s, inside_t).pairs.items()}
    left_s = [item for item in inside_s if item.path not in found]
    left_t = [item for item in inside_t if item.path not in found.values()]
    found |= _only_ones(left_s, left_t, _objections(inside_s, inside_t))
    pairs = [
        dataclasses.replace(matches[names[s]], target=to[t], layer=None) for s, t in found.items()
    ]
    wrong = [sides.sources[names[i.path]] for i in left_s if i.path not in found]
    missing = [sides.targets[to[i.path]] for i in left_t if i.path not in found.values()]
    remedy = _of_alike(group, len(paths)) or "say what is its own by a rule above this one"
    return pairs, list(_unpaired(group, wrong, missing, remedy))


def _inside(item: Item, around: Collection[str]) -> Item:
    """Returns an item by what it is called within the one scope or layer; else as it is."""
    if len(around) != 1:
        return item
    (scope,) = around

    def cut(path: str) -> str:
        rest = path.removeprefix(scope)
        return f"{_HERE}{rest}" if path == scope or rest.startswith("/") else path

    return dataclasses.replace(item, path=cut(item.path), module=cut(item.module))


def _objections(sources: Sequence[Item], targets: Sequence[Item]) -> Callable[[Item, Item], bool]:
    """Returns what tells whether names speak against a pair: a key is no value, even alone."""
    nodes_s = {node.path: node for node in item_nodes(sources)}
    nodes_t = {node.path: node for node in item_nodes(targets)}
    between = Objections(tuple(nodes_s.values()), tuple(nodes_t.values())).between
    return lambda source, target: bool(between(nodes_s[source.path], nodes_t[target.path]))


def _only_ones(
    sources: Sequence[Item], targets: Sequence[Item], against: Callable[[Item, Item], bool]
) -> dict[str, str]:
    """Returns the pairs of which neither has another of its role and shape to go to."""
    fits = {s.path: [t for t in targets if _fit(s, t)] for s in sources}
    back = {t.path: [s for s in sources if _fit(s, t)] for t in targets}
    return {
        source: found[0].path
        for source, found in fits.items()
        if len(found) == 1 and len(back[found[0].path]) == 1
        if not against(back[found[0].path][0], found[0])
    }


def _fit(source: Item, target: Item) -> bool:
    roles = {trusted_role(item.role, item.shape) for item in (source, target)}
    plain = {"beta" if role == "bias" else role for role in roles}
    agree = len(plain) == 1 or "vector" in plain
    return agree and same_elements(source.shape, target.shape)


def _unpaired(
    group: _Group, sources: Sequence[Item], targets: Sequence[Item], remedy: str
) -> Iterator[Problem]:
    """Yields a problem for each member without a partner, with those that it could have had."""
    origin = ", ".join(dict.fromkeys(found.origin for found in group.members))
    scopes = ", ".join(dict.fromkeys(found.scope for found in group.members))
    layers = ", ".join(group.layers)
    for target in targets:
        could = ", ".join(s.path for s in sources if _fit(s, target))
        expected = f"one variable of {scopes} of its role and shape"
        yield Problem(target.path, expected, could or "none", origin, remedy)
    for source in sources:
        if not any(_fit(source, target) for target in targets):  # else it is named above
            expected = f"one weight of {layers} of its role and shape"
            yield Problem(source.path, expected, "none", origin, remedy)


def _of_alike(group: _Group, weights: int) -> str:
    """Returns what to do where several scopes hold as much as a layer each, alike; else ""."""
    held: dict[str, set[str]] = defaultdict(set)
    for found in group.members:
        held[found.scope].add(found.name.removeprefix(found.scope))
    first, *others = held
    whole = len(held[first]) == weights
    if not others or not whole or any(held[one] != held[first] for one in others):
        return ""
    rules = (
        f"{{source='{re.escape(one)}/(.*)', copy_of='{first}/\\1', drop='why'}}" for one in others
    )
    return (
        f"{', '.join(held)} hold the same names each, and a layer takes one of them: leave the "
        f"others out by rules above this one, as copies {' '.join(rules)}, or without copy_of "
        "where their values differ"
    )
