"""One pass of rules over names, each rule in its turn."""

from __future__ import annotations

import collections
import dataclasses
import heapq
import operator
from collections.abc import Collection, Iterable, Mapping

from tf1compat.errors import Problem, RuleError
from tf1compat.names._join_order import LayoutFacts, RuleMatch
from tf1compat.names._needed_text import Prefilter
from tf1compat.names._row_targets import by_rows
from tf1compat.names.parse import scopes_around
from tf1compat.names.rules import Dropped, Rule

__all__ = ["RuleRun"]


class RuleRun:
    """One pass of rules over names: the first rule that matches a name takes it.

    Where that rule takes a part, the others that do and match take the other parts; what a rule
    shares, others may take as well; and one scope may go to several layers.
    """

    def __init__(self, rules: Iterable[tuple[int, Rule]], layouts: LayoutFacts) -> None:
        self.rules = list(rules)
        self._layouts = layouts
        self.taken: dict[str, RuleMatch] = {}
        self.parts: list[RuleMatch] = []
        self.members: list[RuleMatch] = []
        self.roles: dict[str, RuleMatch] = {}
        self.failures: list[Problem] = []
        self.used: set[int] = set()
        self._scopes: dict[str, str] = {}  # by name, of those that went to a layer
        self._layers: dict[tuple[int, str], tuple[str, str] | None] = {}
        self._sharing = any(
            rule.shared or rule.action in ("layer", "role") for _, rule in self.rules
        )
        # Thousands of pasted rules, each for one name, are looked up instead of tried in turn.
        self._patterns = Prefilter(pair for pair in self.rules if _by_pattern(pair[1]))
        self._literals: dict[str, list[tuple[int, Rule]]] = collections.defaultdict(list)
        for index, rule in self.rules:
            if not _by_pattern(rule):
                self._literals[rule.literal or ""].append((index, rule))

    def decide(self, name: str) -> None:
        """Records what the first rule that matches `name` says, and those that may join it."""
        whole = parted = False
        for number, rule in self._candidates(name):
            if rule.action == "role" or rule.role is not None:
                self._declare(name, number, rule)
            takes_part = rule.layout is not None and self._layouts.takes_part(rule.layout)
            free = not (whole or (parted and not takes_part)) or rule.shared
            if rule.action == "role" or (not free and rule.action != "layer"):
                continue
            taken = (
                self._send(name, number, rule, free)
                if rule.layer
                else self._take(name, number, rule)
            )
            if not taken:
                continue
            parted |= takes_part
            whole |= not takes_part and not rule.shared
            if whole and (not self._sharing or self._is_dropped(name)):
                return

    def take_rows(self, targets: Collection[str] | None, layouts: LayoutFacts | None) -> None:
        """Puts a match for each row in the place of those whose targets ask for rows."""
        known = None if targets is None else frozenset(targets)
        for found in [*self.taken.values(), *self.parts]:
            rows = by_rows(found, known, layouts)
            if isinstance(rows, Problem):
                self.failures.append(rows)
                rows = [dataclasses.replace(found, target=None)]
            if rows != [found]:
                self._replace(found, rows)

    def _replace(self, found: RuleMatch, rows: list[RuleMatch]) -> None:
        if self.taken[found.name] is found:
            self.taken[found.name] = rows.pop(0)
        else:
            self.parts = [part for part in self.parts if part is not found]
        self.parts += rows

    def put_in_order(self, orders: Mapping[tuple[str, int], int]) -> None:
        """Gives matches their places among those that they are joined with."""

        def placed(found: RuleMatch) -> RuleMatch:
            return dataclasses.replace(found, order=orders.get((found.name, found.number), 0))

        self.taken = {name: placed(found) for name, found in self.taken.items()}
        self.parts = [placed(found) for found in self.parts]

    def _is_dropped(self, name: str) -> bool:
        return name in self.taken and self.taken[name].target is None

    def _candidates(self, name: str) -> Iterable[tuple[int, Rule]]:
        literals, patterns = self._literals.get(name), self._patterns.candidates(name)
        if literals is None:
            return patterns
        return heapq.merge(literals, patterns, key=operator.itemgetter(0))

    def _declare(self, name: str, number: int, rule: Rule) -> None:
        if name not in self.roles and rule.matches(name):
            self.roles[name] = RuleMatch(name, None, None, "", rule, number)
            if rule.action == "role":
                self.used.add(number)

    def _send(self, name: str, number: int, rule: Rule, free: bool) -> bool:
        """Records that `rule` sends a scope around `name` to a layer; returns whether it does."""
        place = next(
            filter(None, (self._layer(number, rule, s) for s in scopes_around(name))), None
        )
        if place is None or not (free or self._scopes.get(name) == place[0]):
            return False
        self.used.add(number)
        self._scopes[name] = place[0]
        scope, layer = place
        self.members.append(RuleMatch(name, None, None, "", rule, number, scope=scope, layer=layer))
        return True

    def _layer(self, number: int, rule: Rule, scope: str) -> tuple[str, str] | None:
        """Returns the scope and where the rule sends it, or None."""
        if (number, scope) not in self._layers:
            layer = rule.layer_for(scope)
            self._layers[number, scope] = None if layer is None else (scope, layer)
        return self._layers[number, scope]

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
            found = RuleMatch(name, None, rule.layout, result.reason, rule, number)
        else:
            found = RuleMatch(name, result, rule.layout, "", rule, number)
        if name in self.taken:
            self.parts.append(found)
        else:
            self.taken[name] = found
        return True


def _by_pattern(rule: Rule) -> bool:
    """Tells whether a rule has to be tried on every name."""
    return rule.literal is None or rule.action == "layer"
