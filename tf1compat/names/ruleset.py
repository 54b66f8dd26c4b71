"""Rules in order, applied to all names at once."""

from __future__ import annotations

import collections
import dataclasses
import heapq
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, overload

from tf1compat.errors import Problem, RuleError
from tf1compat.names.nearest import nearest_names
from tf1compat.names.rules import Dropped, Rule

__all__ = ["LayoutFacts", "RuleMatch", "RuleOutcome", "RuleSet"]

_EXPLAINED = 30  # problems with the nearest names or the rule in the way; an error shows no more


class LayoutFacts(Protocol):
    """What rules have to know of the layouts that they name; names themselves know none."""

    def joins(self, layout: str) -> bool:
        """Whether the layout makes one target out of several sources."""

    def takes_part(self, layout: str) -> bool:
        """Whether the layout takes a part of its source, so that others may take the rest."""


class _OneToOne:
    """Layouts of which nothing is known: every source goes to one target."""

    def joins(self, layout: str) -> bool:
        return False

    def takes_part(self, layout: str) -> bool:
        return False


@dataclasses.dataclass(frozen=True)
class RuleMatch:
    """What the first rule that matches a name says about it.

    Attributes:
      name: the source (of a mapping or dropping rule) or the target (of a keeping one).
      target: the target that the source goes to; None where it is dropped.
      layout: name of the layout that the rule asks for, or None.
      reason: why the name is dropped or kept; ``''`` where it is mapped.
      rule: the rule itself, whose origin says where it was written.
      number: the rule's place in its set, from 1.
    """

    name: str
    target: str | None
    layout: str | None
    reason: str
    rule: Rule
    number: int = 0

    @property
    def origin(self) -> str:
        """Where the rule was written, or else its number."""
        return self.rule.origin or f"rule {self.number}"


@dataclasses.dataclass(frozen=True)
class RuleOutcome:
    """What a rule set says about all names.

    Attributes:
      sources: the mapped and dropped sources, by name, in the order of the names given.
      kept: the targets that keep their initial value, by path.
      problems: rules that matched nothing, targets that two sources want, targets that aren't there
        and sources on which a rule's function failed.
      parts: where the first rule takes a part of a source, what further such rules take.
    """

    sources: dict[str, RuleMatch]
    kept: dict[str, RuleMatch]
    problems: tuple[Problem, ...]
    parts: tuple[RuleMatch, ...] = ()

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
        return f"RuleSet({list(self._rules)!r})"

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
            does, and two sources for one target, or two rules for one source, collide.

        Problems don't raise here, so that a caller can add its own: see `RuleOutcome.check`.
        """
        facts = layouts or _OneToOne()
        names = list(dict.fromkeys(sources))
        numbered = list(enumerate(self._rules, 1))
        run = _Run(((n, rule) for n, rule in numbered if rule.action != "keep"), facts)
        for name in names:
            run.decide(name)
        matches = [*run.taken.values(), *run.parts]
        problems = [*run.failures, *_collisions(matches, facts)]
        problems += _idle_rules(run, names)
        if targets is None:
            return RuleOutcome(run.taken, {}, tuple(problems), tuple(run.parts))
        paths = list(dict.fromkeys(targets))
        keeping = _Run(((n, rule) for n, rule in numbered if rule.action == "keep"), facts)
        for path in paths:
            keeping.decide(path)
        problems += _idle_rules(keeping, paths)
        problems += _strangers(matches, paths)
        problems += _filled_and_kept(matches, keeping.taken)
        return RuleOutcome(run.taken, keeping.taken, tuple(problems), tuple(run.parts))


class _Run:
    """One pass of rules over names: the first rule that matches a name takes it.

    Where that rule takes a part, the others that do and match take the other parts.
    """

    def __init__(self, rules: Iterable[tuple[int, Rule]], layouts: LayoutFacts) -> None:
        self.rules = list(rules)
        self._layouts = layouts
        self.taken: dict[str, RuleMatch] = {}
        self.parts: list[RuleMatch] = []
        self.failures: list[Problem] = []
        self.used: set[int] = set()
        # Thousands of pasted rules, each for one name, are looked up instead of tried in turn.
        self._patterns = [(index, rule) for index, rule in self.rules if rule.literal is None]
        self._literals: dict[str, list[tuple[int, Rule]]] = collections.defaultdict(list)
        for index, rule in self.rules:
            if rule.literal is not None:
                self._literals[rule.literal].append((index, rule))

    def decide(self, name: str) -> None:
        """Records what the first rule that matches `name` says."""
        for number, rule in self._candidates(name):
            takes_part = rule.layout is not None and self._layouts.takes_part(rule.layout)
            if name in self.taken and not takes_part:
                continue
            if self._take(name, number, rule) and not takes_part:
                return

    def _candidates(self, name: str) -> Iterable[tuple[int, Rule]]:
        literals = self._literals.get(name)
        if literals is None:
            return self._patterns
        return heapq.merge(literals, self._patterns, key=operator.itemgetter(0))

    def _take(self, name: str, number: int, rule: Rule) -> bool:
        """Records what `rule` says about `name`; returns whether it says anything."""
        if rule.action == "keep":
            if rule.matches(name):
                self.used.add(number)
                self.taken[name] = RuleMatch(name, name, None, rule.reason, rule, number)
            return name in self.taken
        try:
            result = rule.apply(name)
        except RuleError as error:  # of a rule's function
            self.used.add(number)
            self.failures += error.problems
            return True
        if result is None:
            return False
        self.used.add(number)
        if isinstance(result, Dropped):
            self.taken[name] = RuleMatch(name, None, None, result.reason, rule, number)
            return True
        found = RuleMatch(name, result, rule.layout, "", rule, number)
        if name in self.taken:
            self.parts.append(found)
        else:
            self.taken[name] = found
        return True


def _join(group: Sequence[RuleMatch], layouts: LayoutFacts) -> bool:
    """Tells whether one rule for each source, all with the same layout, says how to join them."""
    texts = {found.layout or "" for found in group}
    one_each = len({found.number for found in group}) == len(group)
    return one_each and len(texts) == 1 and layouts.joins(texts.pop())


def _collisions(matches: Iterable[RuleMatch], layouts: LayoutFacts) -> list[Problem]:
    """Returns a problem for each target that more than one source is sent to."""
    wanted: dict[str, list[RuleMatch]] = collections.defaultdict(list)
    for found in matches:
        if found.target is not None:
            wanted[found.target].append(found)
    problems = []
    for target, group in wanted.items():
        if len(group) > 1 and not _join(group, layouts):
            several = ", ".join(found.name for found in group[:4])
            more = f" and {len(group) - 4} more" if len(group) > 4 else ""
            origins = ", ".join(dict.fromkeys(found.rule.origin or "rule" for found in group[:4]))
            remedy = "send the others elsewhere, or drop them with a reason"
            problems.append(Problem(target, "one source", several + more, origins, remedy))
    return problems


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
                Problem(
                    found.name, "a target of the model", found.target, found.rule.origin, remedy
                )
            )
    return problems


def _filled_and_kept(matches: Iterable[RuleMatch], kept: Mapping[str, RuleMatch]) -> list[Problem]:
    """Returns a problem for each target that one rule fills and another keeps as it is."""
    return [
        Problem(
            found.target,
            "to be filled or to be kept",
            f"both: {found.name} goes there, and it is kept ({kept[found.target].reason})",
            f"{found.rule.origin}, {kept[found.target].rule.origin}",
            "remove one of the two rules",
        )
        for found in matches
        if found.target is not None and found.target in kept
    ]


def _idle_rules(run: _Run, names: Sequence[str]) -> list[Problem]:
    """Returns a problem for each rule that took nothing."""
    problems: list[Problem] = []
    for index, rule in run.rules:
        if index not in run.used:
            looked_at = names if len(problems) < _EXPLAINED else ()
            problems.append(_idle(rule, looked_at, run.taken))
    return problems


def _idle(rule: Rule, names: Iterable[str], taken: Mapping[str, RuleMatch]) -> Problem:
    """Returns the problem of a rule that took nothing, and why it didn't."""
    what = "target" if rule.action == "keep" else "source"
    before = next((taken[name] for name in names if name in taken and rule.matches(name)), None)
    if before is not None:
        found = f"none left: {before.name} was taken by {before.rule}"
        remedy = "put the rule further up, or remove it"
    else:
        found = "none"
        near = nearest_names(rule.literal or rule.pattern.replace("\\", ""), names)
        remedy = f"nearest: {', '.join(near)}" if near else "mend its pattern, or remove it"
    expected = f"a {what} that the whole pattern matches"
    return Problem(rule.pattern, expected, found, rule.origin, remedy)
