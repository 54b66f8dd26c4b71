"""Rules that may be pasted: only what names prefer, and what planning with them showed to work."""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from tf1compat.checkpoint import Entry
from tf1compat.errors import Tf1CompatError
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.matching.mirrors import mirrors
from tf1compat.migration.matching.nodes import Item, Node, item_nodes, trusted_role
from tf1compat.migration.matching.objections import Objections
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.problems import OpenQuestion
from tf1compat.names import Rule, parse_names, paste_rule, role_of, rules_from_toml
from tf1compat.names.orphans import orphans
from tf1compat.names.roles import ROLE_WORDS

__all__ = ["Candidates", "Replan", "Suggestion", "candidates_of", "copies", "suggestions"]

_TRIED = 4  # rules that are planned with; a plan of a large model takes seconds
_COMPARED = 1 << 28  # bytes of a scope that are read to tell whether it is a copy
_LOOKED_AT = 200  # open targets and sources whose words are compared

Kind = tuple[str, tuple[int, ...]]
"""Role and shape."""
Objection = Callable[[Node, Node], str]
Replan = Callable[[Sequence[Rule]], Plan]
"""Plans once more, with rules before those that were given."""


@dataclasses.dataclass(frozen=True)
class Suggestion:
    """A rule that was tried.

    Attributes:
      text: the rule as a rules file has it.
      why: what it rests on, in words.
    """

    text: str
    why: str


@dataclasses.dataclass(frozen=True)
class Candidates:
    """What is open of one role and shape on both sides.

    Attributes:
      targets: paths of the weights.
      sources: names of the variables that could be theirs as far as role and shape tell.
    """

    targets: tuple[str, ...]
    sources: tuple[str, ...]


def candidates_of(plan: Plan) -> list[Candidates]:
    """Returns the open targets by role and shape, in their order, with the sources of the same."""
    sources = _by_kind(_open_sources(plan), plan.sources)
    return [
        Candidates(
            tuple(paths),
            tuple(name for k, names in sources.items() if _may(k, kind) for name in names),
        )
        for kind, paths in _by_kind(_open_targets(plan), plan.targets).items()
    ]


def _may(source: Kind, target: Kind) -> bool:
    """Tells whether roles and shapes agree; what a name says nothing of may be of any role."""
    roles = {source[0], target[0]}
    return source[1] == target[1] and (len(roles) == 1 or bool({"vector", "untold"} & roles))


def _open_sources(plan: Plan) -> list[str]:
    tied = [source for tie in plan.ambiguities for source in tie.sources]
    return [*tied, *(problem.name for problem in plan.unexplained)]


def _open_targets(plan: Plan) -> list[str]:
    tied = [target for tie in plan.ambiguities for target in tie.targets]
    return [*tied, *(problem.name for problem in plan.unfilled)]


def _by_kind(names: Iterable[str], specs: Mapping[str, Spec]) -> dict[Kind, list[str]]:
    found: dict[Kind, list[str]] = defaultdict(list)
    for name in names:
        found[_role(name, specs[name].shape), specs[name].shape].append(name)
    return found


def _role(name: str, shape: tuple[int, ...]) -> str:
    scope, _, leaf = name.rpartition("/")
    role = role_of(leaf, scope)
    return "untold" if role == "unknown" and len(shape) > 1 else trusted_role(role, shape)


def suggestions(plan: Plan, replan: Replan, checkpoint: Mapping[str, Entry]) -> list[Suggestion]:
    """Returns the rules that names prefer and that settle something, each tried.

    A rule is shown if planning with it fills what it names, and leaves every other target at least
    as well off: filled as before, or now filled too.
    """
    found: list[Suggestion] = []
    found_by = (_copies(plan, checkpoint), _mirrors(plan), _by_words(plan))
    for suggested in itertools.islice(itertools.chain(*found_by), _TRIED):
        try:
            after = replan(rules_from_toml(f"rules = [{suggested.text}]"))
        except Tf1CompatError:
            continue
        if _better(plan, after):
            found.append(suggested)
    return found


def _better(before: Plan, after: Plan) -> bool:
    filled = {fill.target: fill.sources for fill in after.fills}
    unchanged = all(filled.get(fill.target) == fill.sources for fill in before.fills)
    explained = len(_open_sources(after)) < len(_open_sources(before)) and not after.unfilled
    return unchanged and (explained or len(after.fills) > len(before.fills))


def _by_words(plan: Plan) -> Iterator[Suggestion]:
    """Yields a rule for each target that shares words with one of its candidates alone."""
    left = (*plan.unexplained, *plan.unfilled)
    # What is known to be at odds, or open, with one variable takes a rule that says so.
    asked = (p.name for p in left if isinstance(p, OpenQuestion) or p.origin in plan.sources)
    left_out = {*orphans(parse_names(plan.sources).values()), *asked}
    nodes_s = {node.path: node for node in _nodes(plan.sources)}
    nodes_t = {node.path: node for node in _nodes(plan.targets)}
    against = Objections(tuple(nodes_s.values()), tuple(nodes_t.values())).between
    for open_ in candidates_of(plan):
        if len(open_.sources) * len(open_.targets) > _LOOKED_AT**2:
            continue
        sources = [nodes_s[name] for name in open_.sources if name not in left_out]
        targets = [nodes_t[path] for path in open_.targets if path not in left_out]
        for source, target, words in _preferred(sources, targets, against):
            why = f"both names have {', '.join(sorted(words))}"
            yield Suggestion(paste_rule(source.path, target.path), why)


def _preferred(
    sources: Sequence[Node], targets: Sequence[Node], against: Objection
) -> Iterator[tuple[Node, Node, frozenset[str]]]:
    """Yields pairs that are each other's nearest by words that tell, and these words."""
    for target in targets:
        source, words = _nearest(target, sources, against)
        if source is not None:
            back, _ = _nearest(source, targets, lambda one, other: against(other, one))
            if back is target:
                yield source, target, words


def _nodes(specs: Mapping[str, Spec]) -> tuple[Node, ...]:
    return item_nodes(
        [
            Item(name, name.rpartition("/")[0], _role(name, spec.shape), spec.shape)
            for name, spec in specs.items()
        ]
    )


def _nearest(
    one: Node, others: Sequence[Node], objection: Objection
) -> tuple[Node | None, frozenset[str]]:
    """Returns the only node that shares most words with `one`, and those words; or None.

    `objection` returns what speaks against another and this one.
    """
    allowed = [other for other in others if not objection(other, one)]
    if not allowed:
        return None, frozenset()
    telling = one.place.words - ROLE_WORDS
    if len(others) > 1:
        telling = telling - frozenset.intersection(*(o.place.words for o in others))
    shared = {other: telling & other.place.words for other in allowed}
    most = max(map(len, shared.values()))
    best = [other for other, words in shared.items() if len(words) == most]
    return (best[0], shared[best[0]]) if most and len(best) == 1 else (None, frozenset())


def copies(plan: Plan) -> list[tuple[str, str]]:
    """Returns outer scopes whose open variables have the names and shapes of another's, and it.

    None where no more variables are open than weights are: each may be wanted.
    """
    if len(_open_sources(plan)) <= len(_open_targets(plan)):
        return []
    inside: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for name in _open_sources(plan):
        scope, _, rest = name.partition("/")
        if rest:
            inside[scope][rest] = plan.sources[name].shape
    # What a scope holds besides, and is taken, shows that it is no copy of another; unless the
    # other has the same there, bit for bit.
    taken = _by_scope(source for fill in plan.fills for source in fill.sources)
    equal = _by_scope(drop.source for drop in plan.drops if drop.kind == "equal")
    first: dict[object, str] = {}
    found = []
    for scope, held in inside.items():
        original = first.setdefault(frozenset(held.items()), scope)
        own, alike = taken.get(original, set()), equal.get(scope, set())
        apart = own != alike or scope in taken
        if original != scope and len(held) > 1 and not apart:
            found.append((original, scope))
    return found


def _by_scope(names: Iterable[str]) -> dict[str, set[str]]:
    """Returns what names have behind their outer scopes, by these."""
    found: dict[str, set[str]] = defaultdict(set)
    for scope, _, rest in (name.partition("/") for name in names):
        found[scope].add(rest)
    return found


def _mirrors(plan: Plan) -> Iterator[Suggestion]:
    """Yields a drop for each part of the program that is set apart and like one that is asked for.

    A target network, or a teacher, has the names and shapes of the network that is trained, and
    values of its own.
    """
    repeated = {scope for _, scope in copies(plan)}
    for scope, original in mirrors(plan.sources, {drop.source for drop in plan.drops}).items():
        if scope in repeated:
            continue
        inside = {name for name in _open_sources(plan) if name.startswith(f"{scope}/")}
        if inside:
            drop = paste_rule(scope, drop=f"apart from {original}").replace("', drop", "/.*', drop")
            yield Suggestion(drop, f"{scope} has the names and shapes of {original}")


def _copies(plan: Plan, checkpoint: Mapping[str, Entry]) -> Iterator[Suggestion]:
    """Yields a drop for each scope that repeats another, values included."""
    for original, scope in copies(plan):
        inside = [n for n in _open_sources(plan) if n.startswith(f"{scope}/")]
        pairs = [(n, original + n.removeprefix(scope)) for n in inside]
        if sum(checkpoint[n].nbytes for n in inside) <= _COMPARED and all(
            np.array_equal(checkpoint[one].read(), checkpoint[other].read()) for one, other in pairs
        ):
            drop = paste_rule(scope, drop=f"a copy of {original}").replace("', drop", "/.*', drop")
            yield Suggestion(drop, f"{scope} holds what {original} holds, bit for bit")
