"""Rules in order, applied to all names at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

from tf1compat.errors import Problem, RuleError
from tf1compat.names._join_order import LayoutFacts, RuleMatch, join_order
from tf1compat.names._rule_run import RuleRun
from tf1compat.names.nearest import nearest_names
from tf1compat.names.parse import scopes_around
from tf1compat.names.rules import Rule

__all__ = ["LayoutFacts", "RuleMatch", "RuleOutcome", "RuleSet"]

_SHOWN = 8  # rules in the text of a set of them
_EXPLAINED = 30  # problems with the nearest names or the rule in the way; an error shows no more


class _OneToOne:
    """Layouts of which nothing is known: every source goes to one target."""

    def joins(self, layout: str) -> bool:
        return False

    def takes_part(self, layout: str) -> bool:
        return False

    def row(self, number: int) -> str:
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class RuleOutcome:
    """What a rule set says about all names.

    Attributes:
      sources: the mapped and dropped sources, by name, in the order of the names given.
      kept: the targets that keep their initial value, by path.
      problems: rules that matched nothing, targets that two sources want, targets that aren't there
        and sources on which a rule's function failed.
      parts: where the first rule takes a part of a source, or shares it, what further such rules
        take.
      members: the sources that go to a layer as a whole, with each rule about them.
      roles: the first rule that says what a source is, by name.
    """

    sources: dict[str, RuleMatch]
    kept: dict[str, RuleMatch]
    problems: tuple[Problem, ...]
    parts: tuple[RuleMatch, ...] = ()
    members: tuple[RuleMatch, ...] = ()
    roles: Mapping[str, RuleMatch] = dataclasses.field(default_factory=dict)

    def check(self) -> RuleOutcome:
        """Returns the outcome itself; raises RuleError with every problem if there is one."""
        if self.problems:
            headline = f"{len(self.problems)} problem(s) with the rules"
            raise RuleError.from_problems(headline, self.problems)
        return self


class RuleSet(Sequence[Rule]):
    r"""An immutable sequence of rules; the first one that matches a name decides.

    Mirrors the assignment maps of ``tf.train.init_from_checkpoint``, with patterns, reasons, and
    nothing ignored.

    >>> rules = RuleSet([Rule(r"(.*)/weights", r"\1/kernel"), Rule("opt/.*", drop="training")])
    >>> rules.apply(["fc/weights", "opt/lr", "fc/b"]).sources["fc/weights"].target
    'fc/kernel'
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        """Makes a set of `rules`; raises RuleError for an element that is no :class:`Rule`."""
        self._rules = tuple(rules)
        strangers = [found for found in self._rules if not isinstance(found, Rule)]
        if strangers:
            remedy = "make it with Rule(...), @rule(...) or load_rules(path)"
            problems = [Problem("rule", "a Rule", repr(s)[:200], "", remedy) for s in strangers]
            raise RuleError.from_problems("A rule set holds rules", problems)

    def __len__(self) -> int:
        return len(self._rules)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    @overload
    def __getitem__(self, index: int) -> Rule: ...

    @overload
    def __getitem__(self, index: slice) -> RuleSet: ...

    def __getitem__(self, index: int | slice) -> Rule | RuleSet:
        return RuleSet(self._rules[index]) if isinstance(index, slice) else self._rules[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuleSet) and self._rules == other._rules

    def __hash__(self) -> int:
        return hash(self._rules)

    def __repr__(self) -> str:
        shown = ", ".join(repr(rule) for rule in self._rules[:_SHOWN])
        more = len(self._rules) - _SHOWN
        return f"RuleSet([{shown}{f', and {more} more' * (more > 0)}])"

    def apply(
        self,
        sources: Iterable[str],
        *,
        targets: Iterable[str] | None = None,
        layouts: LayoutFacts | None = None,
    ) -> RuleOutcome:
        """Returns what the rules say about `sources` and, where given, about `targets`.

        Args:
          sources: names of the checkpoint's variables.
          targets: paths of all the model's weights. Without them keeping rules are left alone, and
            it isn't checked that a mapped target exists.
          layouts: says which layouts join sources and which take a part of one; without it none
            does, and two sources for one target, or two rules for one source, collide;
            ``tf1compat.migration.layouts.LAYOUT_FACTS`` knows all there are.

        Problems don't raise here, so that a caller can add its own: see `RuleOutcome.check`.
        """
        facts = layouts or _OneToOne()
        names = list(dict.fromkeys(sources))
        numbered = list(enumerate(self._rules, 1))
        run = RuleRun(((n, rule) for n, rule in numbered if rule.action != "keep"), facts)
        for name in names:
            run.decide(name)
        paths = None if targets is None else list(dict.fromkeys(targets))
        run.take_rows(paths, layouts)
        orders, collisions = join_order([*run.taken.values(), *run.parts], facts)
        run.put_in_order(orders)
        matches = [*run.taken.values(), *run.parts]
        problems = [*run.failures, *collisions, *_unsupported(numbered, layouts)]
        problems += _idle_rules(run, names)
        found = RuleOutcome(run.taken, {}, (), tuple(run.parts), tuple(run.members), run.roles)
        if paths is None:
            return dataclasses.replace(found, problems=tuple(problems))
        keeping = RuleRun(((n, rule) for n, rule in numbered if rule.action == "keep"), facts)
        for path in paths:
            keeping.decide(path)
        problems += _idle_rules(keeping, paths)
        problems += _strangers(matches, paths)
        problems += _filled_and_kept(matches, keeping.taken)
        return dataclasses.replace(found, kept=keeping.taken, problems=tuple(problems))


def _unsupported(
    rules: Iterable[tuple[int, Rule]], layouts: LayoutFacts | None
) -> Iterator[Problem]:
    """Yields what is asked of rules that nobody here can do."""
    for _, rule in rules:
        plan_only: dict[str, object] = {
            "scope": rule.scope,
            "role": rule.role,
            "copy_of": rule.copy_of,
        }
        plan_only |= {"shared": rule.shared or None, "source_vocabulary": rule.source_vocabulary}
        for key, value in plan_only.items():
            if value is not None and layouts is None:
                expected = f"a rule without {key}, which plans of a migration alone know"
                yield Problem(rule.pattern, expected, repr(value), rule.origin, f"remove {key}")
        if (
            rule.action == "drop"
            and rule.layout
            and layouts
            and not layouts.takes_part(rule.layout)
        ):
            expected = "a layout that takes a part, beside drop"
            yield Problem("layout", expected, repr(rule.layout), rule.origin, "remove it")


def _strangers(matches: Iterable[RuleMatch], paths: Sequence[str]) -> list[Problem]:
    """Returns a problem for each target that a rule names and the model doesn't have."""
    known = set(paths)
    problems: list[Problem] = []
    for found in matches:
        if found.target is not None and found.target not in known:
            near = (
                ", ".join(nearest_names(found.target, paths)) if len(problems) < _EXPLAINED else ""
            )
            remedy = f"nearest: {near}" if near else "mend the rule's target"
            problems.append(
                Problem(found.name, "a target of the model", found.target, found.origin, remedy)
            )
    return problems


def _filled_and_kept(matches: Iterable[RuleMatch], kept: Mapping[str, RuleMatch]) -> list[Problem]:
    """Returns a problem for each target that one rule fills and another keeps as it is."""
    return [
        Problem(
            found.target,
            "to be filled or to be kept",
            f"both: {found.name} goes there, and it is kept ({kept[found.target].reason})",
            f"{found.origin}, {kept[found.target].origin}",
            "remove one of the two rules",
        )
        for found in matches
        if found.target is not None and found.target in kept
    ]


def _idle_rules(run: RuleRun, names: Sequence[str]) -> list[Problem]:
    """Returns a problem for each rule that took nothing."""
    problems: list[Problem] = []
    taken = run.taken | {found.name: found for found in reversed(run.members)}
    for index, rule in run.rules:
        if index not in run.used:
            looked_at = names if len(problems) < _EXPLAINED else ()
            problems.append(_idle(rule, looked_at, taken))
    return problems


def _idle(rule: Rule, names: Iterable[str], taken: Mapping[str, RuleMatch]) -> Problem:
    """Returns the problem of a rule that took nothing, and why it didn't."""
    what = {"keep": "target", "layer": "scope"}.get(rule.action, "source")
    inside = (name for name in names if name in taken and rule.concerns(name))
    before = next((taken[name] for name in inside), None)
    if before is not None:
        found = f"none left: {before.name} was taken by {before.rule}"
        remedy = "put the rule further up, or remove it"
    else:
        found = "none"
        if rule.action == "layer":
            names = dict.fromkeys(scope for name in names for scope in scopes_around(name))
        near = nearest_names(rule.literal or rule.pattern.replace("\\", ""), names)
        remedy = f"nearest: {', '.join(near)}" if near else "mend its pattern, or remove it"
    expected = f"a {what} that the whole pattern matches"
    return Problem(rule.pattern, expected, found, rule.origin, remedy)
