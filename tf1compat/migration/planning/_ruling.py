"""Rules applied: what they fill, drop and keep, with layouts checked before any data is read."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tf1compat.errors import LayoutError, Problem, RuleError
from tf1compat.migration.layouts.casts import cast_between
from tf1compat.migration.layouts.joins import Chain, Split, chain
from tf1compat.migration.layouts.layout import IDENTITY, Layout, Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.matching.shapes import layout_between
from tf1compat.migration.planning.plan import Drop, Fill, Keep
from tf1compat.names import RuleMatch, RuleSet

__all__ = ["Ruling", "rule_fills"]


@dataclasses.dataclass(frozen=True)
class Ruling:
    """What rules decided.

    Attributes:
      fills: targets filled by rule.
      drops: sources dropped by rule.
      keeps: targets kept by rule.
    """

    fills: tuple[Fill, ...] = ()
    drops: tuple[Drop, ...] = ()
    keeps: tuple[Keep, ...] = ()


def rule_fills(
    rules: RuleSet,
    sources: Mapping[str, Spec],
    targets: Mapping[str, Spec],
    *,
    mistakable: Mapping[str, str] = MappingProxyType({}),
) -> Ruling:
    """Returns what `rules` decide about these sources and targets.

    `mistakable` holds paths of targets that are also Keras' own name for another target, with that
    one's path: a rule for such a path may mean either.

    Several sources may fill one target if each has a rule of its own with the same
    ``concatenate`` layout; they are joined in the order of the rules. One source may fill several
    targets if each rule has a ``split`` layout; the parts have to cover all of it.

    Raises:
      RuleError: every rule that matches nothing, collides, names no target, or whose layout
        doesn't fit, in one error.
    """
    outcome = rules.apply(sources, targets=targets)
    problems = list(outcome.problems)
    filling: dict[str, list[RuleMatch]] = defaultdict(list)
    drops = []
    for found in (*outcome.sources.values(), *outcome.parts):
        if found.target is None:
            drops.append(Drop(found.name, f"{found.reason} [{found.rule.origin}]"))
        elif found.target in targets:
            filling[found.target].append(found)
    order = {id(rule): place for place, rule in enumerate(rules)}
    fills = []
    for target, matches in filling.items():
        matches.sort(key=lambda found: order[id(found.rule)])
        try:
            fills.append(_fill(matches, sources, targets[target]))
        except LayoutError as error:
            problems.append(_misfit(target, matches, sources, targets[target], error))
    problems += _uncovered(fills, sources)
    problems += _mistaken(filling, mistakable)
    if problems:
        raise RuleError.from_problems(f"{len(problems)} problem(s) with the rules", problems)
    keeps = [Keep(path, f"{k.reason} [{k.rule.origin}]") for path, k in outcome.kept.items()]
    return Ruling(tuple(fills), tuple(drops), tuple(keeps))


def _fill(matches: Sequence[RuleMatch], sources: Mapping[str, Spec], target: Spec) -> Fill:
    specs = [sources[found.name] for found in matches]
    text = matches[0].layout
    layout = parse_layout(text) if text is not None else IDENTITY
    made = layout.spec(*specs)
    rest: tuple[Layout, ...] = ()
    if text is None:
        shaped = layout_between(made.shape, target.shape)
        rest = () if shaped is None or shaped == IDENTITY else (shaped,)
        made = Spec(target.shape, made.dtype) if shaped is not None else made
    cast = cast_between(made.dtype, target.dtype)
    if made.shape != target.shape or cast is None:
        raise LayoutError(f"{layout} gives {made}")
    final = chain(layout, *rest, *cast)
    origins = ", ".join(dict.fromkeys(found.rule.origin or "rule" for found in matches))
    names = tuple(found.name for found in matches)
    return Fill(matches[0].target or "", names, str(final), f"rule {origins}")


def _misfit(
    target: str,
    matches: Sequence[RuleMatch],
    sources: Mapping[str, Spec],
    wanted: Spec,
    error: LayoutError,
) -> Problem:
    given = [sources[found.name] for found in matches]
    remedy = "send it elsewhere, or give the rule a layout"
    if len(given) == 1 and given[0].shape == wanted.shape[::-1] and len(wanted.shape) == 2:
        remedy = "give the rule layout='transpose(1, 0)'"
    elif len(given) == 1 and given[0].shape == wanted.shape:
        remedy = f"give the rule layout='cast({wanted.dtype})' if losing precision is meant"
    names = " and ".join(
        f"{found.name} of {spec}" for found, spec in zip(matches, given, strict=True)
    )
    origins = ", ".join(dict.fromkeys(found.rule.origin for found in matches))
    return Problem(target, f"{wanted}", f"{names} ({error})", origins, remedy)


def _mistaken(
    filling: Mapping[str, Sequence[RuleMatch]], mistakable: Mapping[str, str]
) -> list[Problem]:
    """Returns a problem for each rule whose target may be another than its author means."""
    return [
        Problem(
            target,
            "a path that means one weight",
            f"{mistakable[target]} is called {target} in this process (paths count automatic "
            "numbers from the model's first layer of a class)",
            ", ".join(found.rule.origin for found in matches),
            "name the layers, so that both names are the same",
        )
        for target, matches in filling.items()
        if target in mistakable
    ]


def _uncovered(fills: Sequence[Fill], sources: Mapping[str, Spec]) -> list[Problem]:
    """Returns a problem for each source of which split rules leave out or repeat a part."""
    parts: dict[str, list[Split]] = defaultdict(list)
    for fill in fills:
        layout = parse_layout(fill.layout)
        first = layout.steps[0] if isinstance(layout, Chain) else layout
        if isinstance(first, Split):
            parts[fill.sources[0]].append(first)
    problems = []
    for name, splits in parts.items():
        axes = {split.axis for split in splits}
        ends = sorted((split.start, split.stop) for split in splits)
        size = sources[name].shape[splits[0].axis]
        row = [0, *(edge for pair in ends for edge in pair), size]
        if len(axes) > 1 or any(row[i] != row[i + 1] for i in range(0, len(row), 2)):
            found = ", ".join(f"[{start}, {stop})" for start, stop in ends)
            remedy = "add the missing part's rule, or take the overlap out"
            problems.append(Problem(name, f"parts that make up [0, {size})", found, "", remedy))
    return problems
