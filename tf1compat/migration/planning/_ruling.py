"""Rules applied: what they fill, drop and keep, with layouts checked before any data is read."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from tf1compat.errors import LayoutError, Problem, RuleError
from tf1compat.files.telling import tell_step
from tf1compat.migration.layouts.answers import made_of, part_of
from tf1compat.migration.layouts.casts import cast_between
from tf1compat.migration.layouts.chain import chain
from tf1compat.migration.layouts.layout import IDENTITY, Layout, Spec
from tf1compat.migration.layouts.rows import by_vocabulary
from tf1compat.migration.layouts.text import LAYOUT_FACTS, parse_layout
from tf1compat.migration.matching.shapes import layout_between
from tf1compat.migration.planning._crossing import crossings
from tf1compat.migration.planning._kinds import COPY, PART, RULE, filled_by
from tf1compat.migration.planning._sides import NOTHING_KNOWN, Sides
from tf1compat.migration.planning._whole_layers import Meant, pair_layers
from tf1compat.migration.planning.lines import Drop, Fill, Keep
from tf1compat.migration.planning.originals import no_copies
from tf1compat.migration.planning.parts import uncovered_sources
from tf1compat.migration.planning.problems import mending_step
from tf1compat.names import RuleMatch, RuleSet
from tf1compat.names.reasons import Fact, Reason

__all__ = ["Ruling", "rule_fills"]

_MEND = "mend the layout of the rule, or send its source elsewhere"
LaidOut = Callable[[str, str], tuple[Layout, tuple[Reason, ...]]]


@dataclasses.dataclass(frozen=True)
class Ruling:
    """What rules decided.

    Attributes:
      fills: targets filled by rule.
      drops: sources dropped by rule.
      keeps: targets kept by rule.
      sides: both sides, with the roles that rules declare.
      laid_out: sources whose rule says by which layout they go.
    """

    fills: tuple[Fill, ...] = ()
    drops: tuple[Drop, ...] = ()
    keeps: tuple[Keep, ...] = ()
    sides: Sides = NOTHING_KNOWN
    laid_out: frozenset[str] = frozenset()


def rule_fills(
    rules: RuleSet,
    sources: Mapping[str, Spec],
    targets: Mapping[str, Spec],
    *,
    sides: Sides = NOTHING_KNOWN,
    mistakable: Mapping[str, str] = MappingProxyType({}),
    gated: Callable[[str, str], Problem | None] = lambda target, source: None,
    laid_out: LaidOut = lambda target, source: (IDENTITY, ()),
    astray: Callable[[str, str, str], Problem | None] = lambda target, source, layout: None,
    meant: Meant = lambda sources, targets: ((), ()),
) -> Ruling:
    """Returns what `rules` decide about these sources and targets.

    `sides` says what they are besides their shapes, for rules about layers, roles and copies.
    `mistakable` holds paths of targets that are also Keras' own name for another target, with that
    one's path: a rule for such a path may mean either. `gated` returns what is wrong with filling a
    target, by its path, from a source by a rule that gives no layout, and `laid_out` the layout
    that such a rule means, and why; `astray` what is wrong with the layout that a rule gives.
    `meant` fills whole layers by what variables mean.

    Several sources may fill one target if each has a rule of its own with the same layout, one that
    joins; they are joined in the order of the rules, or of the numbers that one rule captures. One
    source may fill several targets if rules share it, or each rule has a layout that takes a part;
    the parts, those that are dropped included, have to make up all of it. Both may be: parts of
    several sources are joined.

    Raises:
      RuleError: every rule that matches nothing, collides, names no target, or whose layout
        doesn't fit, in one error.
    """
    tell_step("rules")
    outcome = rules.apply(sources, targets=targets, layouts=LAYOUT_FACTS)
    problems = list(outcome.problems)
    sides = sides.declaring(outcome.roles)
    matches = [*outcome.sources.values(), *outcome.parts]
    spoken = {found.target for found in matches if found.target} | outcome.kept.keys()
    layers = pair_layers(outcome.members, sides, spoken=spoken, meant=meant)
    dropped = [found for found in matches if found.target is None]
    filling: dict[str, list[RuleMatch]] = defaultdict(list)
    for found in (*matches, *layers.matches):
        if found.target is not None and found.target in targets:
            filling[found.target].append(found)
    fills, misfits = _fills(filling, sources, targets, laid_out=laid_out)
    fills += layers.fills
    left_out, no_parts = _left_out(dropped, sources)
    problems += [
        *layers.problems,
        *misfits,
        *no_parts,
        *uncovered_sources(fills, left_out, sources),
    ]
    problems += crossings(itertools.chain(*filling.values()), sides.sources, sides.targets)
    problems += [*no_copies(dropped, sides), *_as_they_stand(filling, gated)]
    problems += _mistaken(filling, mistakable)
    problems += _astray(filling, {fill.target for fill in fills}, astray)
    if problems:
        raise RuleError.from_problems(f"{len(problems)} problem(s) with the rules", problems)
    keeps = [Keep(path, _by_user(found)) for path, found in outcome.kept.items()]
    drops = [Drop(found.name, _by_user(found)) for found in dropped]
    said = frozenset(m.name for some in filling.values() for m in some if m.layout is not None)
    return Ruling(tuple(fills), tuple(drops), tuple(keeps), sides, said)


def _left_out(
    dropped: Sequence[RuleMatch], sources: Mapping[str, Spec]
) -> tuple[list[tuple[str, str]], list[Problem]]:
    """Returns source and layout of each part that is dropped, and a problem for each that isn't."""
    parts, problems = [], []
    for found in dropped:
        if found.layout is None:
            continue
        try:
            made_of(parse_layout(found.layout), [sources[found.name]])
            parts.append((found.name, found.layout))
        except LayoutError as error:
            expected = f"a part of {sources[found.name]}"
            remedy = "mend the layout of the rule"
            problems.append(Problem(found.name, expected, str(error), found.origin, remedy))
    return parts, problems


def _fills(
    filling: Mapping[str, list[RuleMatch]],
    sources: Mapping[str, Spec],
    targets: Mapping[str, Spec],
    *,
    laid_out: LaidOut,
) -> tuple[list[Fill], list[Problem]]:
    """Returns a fill for each target, and a problem for each that its sources don't fit."""
    fills, problems = [], []
    for target, matches in filling.items():
        matches.sort(key=lambda found: (found.number, found.order))
        texts = {found.layout or str(IDENTITY) for found in matches}
        if len(matches) > 1 and (len(texts) > 1 or not all(map(LAYOUT_FACTS.joins, texts))):
            continue  # they collide, which is among the problems: no layout is asked
        try:
            found = matches[0]
            silent = len(matches) == 1 and found.layout is None
            known = laid_out(target, found.name) if silent else (IDENTITY, ())
            fills.append(_fill(matches, sources, targets[target], known=known))
        except LayoutError as error:
            problems.append(_misfit(target, matches, sources, targets[target], error))
    return fills, problems


def _as_they_stand(
    filling: Mapping[str, Sequence[RuleMatch]], gated: Callable[[str, str], Problem | None]
) -> list[Problem]:
    """Returns the problems of rules that take a source as it stands by saying nothing of it."""
    every = [m for matches in filling.values() for m in matches if m.layout is None]
    silent = [m for m in every if m.rule.source_vocabulary is None]
    problems = [(m.origin, gated(m.target or "", m.name)) for m in silent]
    return [dataclasses.replace(p, origin=origin) for origin, p in problems if p is not None]


def _astray(
    filling: Mapping[str, Sequence[RuleMatch]],
    fitting: Collection[str],
    astray: Callable[[str, str, str], Problem | None],
) -> Iterator[Problem]:
    """Yields the problems of layouts that are given for one source, and fit by their shapes."""
    for target, matches in filling.items():
        found = matches[0]
        alone = len(matches) == 1 and found.layout is not None and target in fitting
        if alone and not found.rule.cross_roles:
            problem = astray(target, found.name, found.layout or "")
            if problem is not None:
                yield dataclasses.replace(problem, origin=found.origin)


def _by_user(found: RuleMatch) -> Reason:
    facts: dict[str, Fact] = {
        "reason": found.reason,
        "origin": found.origin,
        "number": found.number,
    }
    original = found.rule.original_of(found.name) if found.target is None else None
    if original is not None:
        return COPY.because(original=original, **facts)
    if found.target is None and found.layout is not None:
        return PART.because(part=found.layout, **facts)
    return RULE.because(**facts)


def _fill(
    matches: Sequence[RuleMatch],
    sources: Mapping[str, Spec],
    target: Spec,
    *,
    known: tuple[Layout, tuple[Reason, ...]],
) -> Fill:
    """Returns the fill that rules say; where they say no layout, in the `known` one."""
    specs = [sources[found.name] for found in matches]
    text = _layout_text(matches, specs, target)
    layout, follows = (parse_layout(text), ()) if text is not None else known
    made = made_of(layout, specs)
    if layout.takes_part or (layout.leaves_out and not layout.merges):
        taken = sum(math.prod(map(len, part_of(layout, spec))) for spec in specs)
        if taken != math.prod(made.shape):
            raise LayoutError(f"{layout} gives {made} of a part of {taken} elements")
    rest: tuple[Layout, ...] = ()
    if matches[0].rule.layout is None:  # even where it takes a row for each target
        shaped = layout_between(made.shape, target.shape)
        rest = () if shaped is None or shaped == IDENTITY else (shaped,)
        made = Spec(target.shape, made.dtype) if shaped is not None else made
    cast = cast_between(made.dtype, target.dtype)
    if made.shape != target.shape or cast is None:
        raise LayoutError(f"{layout} gives {made}")
    final = chain(*cast, layout) if layout.merges else chain(layout, *rest, *cast)
    names = tuple(found.name for found in matches)
    return Fill(matches[0].target or "", names, str(final), (filled_by(matches), *follows))


def _layout_text(matches: Sequence[RuleMatch], specs: Sequence[Spec], target: Spec) -> str | None:
    """Returns the layout that rules say, by its text or by vocabularies; None if they say none."""
    rule = matches[0].rule
    if rule.source_vocabulary is None or rule.target_vocabulary is None:
        return matches[0].layout
    if len(matches) > 1:
        raise LayoutError("rows by vocabulary are those of one source")
    files = rule.source_vocabulary, rule.target_vocabulary
    return str(by_vocabulary(*files, given=specs[0], wanted=target))


def _misfit(
    target: str,
    matches: Sequence[RuleMatch],
    sources: Mapping[str, Spec],
    wanted: Spec,
    error: LayoutError,
) -> Problem:
    given = [sources[found.name] for found in matches]
    remedy = _remedy(matches[0].layout, given, wanted)
    names = " and ".join(
        f"{found.name} of {spec}" for found, spec in zip(matches, given, strict=True)
    )
    origins = ", ".join(dict.fromkeys(found.origin for found in matches))
    return Problem(target, f"{wanted}", f"{names} ({error})", origins, remedy)


def _remedy(text: str | None, given: Sequence[Spec], wanted: Spec) -> str:
    """Returns what to do about sources that a rule's layout (or none) doesn't make fit."""
    try:
        layout = parse_layout(text) if text is not None else IDENTITY
        made = made_of(layout, given)
    except LayoutError:
        return _MEND
    if made == wanted:  # it isn't the shape that is wrong
        return _MEND
    step = mending_step(made, wanted)
    if step is None:
        return "send it elsewhere, or give the rule a layout"
    losing = " if losing precision is meant" if made.shape == wanted.shape else ""
    return f"give the rule layout='{chain(layout, step)}'{losing}"


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
            ", ".join(found.origin for found in matches),
            "name the layers, so that both names are the same",
        )
        for target, matches in filling.items()
        if target in mistakable
    ]
