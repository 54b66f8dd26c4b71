"""Several sources for one target: in which order they are joined, or why they collide."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Sequence
from typing import Protocol

from tf1compat.errors import Problem
from tf1compat.names.order import number_of
from tf1compat.names.parse import split_part
from tf1compat.names.rules import Rule

__all__ = ["LayoutFacts", "RuleMatch", "join_order"]

_DIGITS = 18  # of a number that counts parts
_SHOWN = 8


class LayoutFacts(Protocol):
    """What rules have to know of the layouts that they name; names themselves know none."""

    def joins(self, layout: str) -> bool:
        """Whether the layout makes one target out of several sources."""

    def takes_part(self, layout: str) -> bool:
        """Whether the layout takes a part of its source, so that others may take the rest."""

    def row(self, number: int) -> str:
        """The layout that takes a row of its source, along the first axis, without that axis."""


@dataclasses.dataclass(frozen=True)
class RuleMatch:
    """What a rule that matches a name says about it.

    Attributes:
      name: the source (of a mapping or dropping rule) or the target (of a keeping one).
      target: the target that the source goes to; None where it is dropped, or goes to a layer.
      layout: name of the layout that the rule asks for, or None.
      reason: why the name is dropped or kept; ``''`` where it is mapped.
      rule: the rule itself, whose origin says where it was written.
      number: the rule's place in its set, from 1.
      order: place among the sources that the same rule joins.
      scope: the scope that a rule about a layer matched; ``''`` of other rules.
      layer: path of the layer that the scope goes to, or None.
    """

    name: str
    target: str | None
    layout: str | None
    reason: str
    rule: Rule
    number: int = 0
    order: int = 0
    scope: str = ""
    layer: str | None = None

    @property
    def origin(self) -> str:
        """Where the rule was written, or else its number."""
        return self.rule.origin or f"rule {self.number}"


def join_order(
    matches: Iterable[RuleMatch], layouts: LayoutFacts
) -> tuple[dict[tuple[str, int], int], list[Problem]]:
    """Returns the order of the sources that one rule joins, by name and number of the rule.

    Also returns a problem for each target that several sources are sent to and can't be joined: a
    rule for each of them has to say the order, or one whose pattern captures a number.
    """
    wanted: dict[str, list[RuleMatch]] = collections.defaultdict(list)
    for found in matches:
        if found.target is not None:
            wanted[found.target].append(found)
    orders: dict[tuple[str, int], int] = {}
    problems = []
    for target, group in wanted.items():
        texts = {found.layout or "" for found in group}
        joins = len(texts) == 1 and layouts.joins(next(iter(texts)))
        numbers = _captured(group) if joins else None
        if numbers is not None:
            problems += _gaps(target, group, numbers)
            orders |= {(f.name, f.number): n for f, n in zip(group, numbers, strict=True)}
        elif len(texts) > 1 and any(map(layouts.joins, texts)):
            problems.append(_at_odds(target, group))
        elif len(group) > 1 and not (joins and len({f.number for f in group}) == len(group)):
            problems.append(_collision(target, group, joins))
    return orders, problems


def _captured(group: Sequence[RuleMatch]) -> list[int] | None:
    """Returns the number that the one rule of a group captures of each name; None if it doesn't.

    Of all that its pattern captures just one may differ among them: that number.
    """
    if len({found.number for found in group}) > 1 or len(group) < 2:
        return None
    groups = [found.rule.groups(found.name) for found in group]
    varying = [texts for texts in zip(*groups, strict=True) if len(set(texts)) > 1]
    if len(varying) != 1 or not all(map(_is_number, varying[0])):
        return None
    numbers = [number_of(text or "") for text in varying[0]]
    return numbers if len(set(numbers)) == len(numbers) else None


def _is_number(text: str | None) -> bool:
    return text is not None and text.isdecimal() and len(text) <= _DIGITS


def _gaps(target: str, group: Sequence[RuleMatch], numbers: Sequence[int]) -> list[Problem]:
    """Returns a problem where parts are missing: in the row of numbers, or before it."""
    # 1.x's partitioners count from part_0; who numbers by hand may begin at 1.
    parts = all(split_part(found.name)[1] is not None for found in group)
    first = 0 if parts else 1
    # Among so many are those to show: of a name's number, which may be any, no range is made.
    looked_at = range(first, min(max(numbers), first + len(numbers) + _SHOWN))
    missing = sorted(set(looked_at) - set(numbers))[:_SHOWN]
    if not missing:
        return []
    found = f"none of number {', '.join(map(str, missing))}"
    expected = f"sources numbered without a gap up to {max(numbers)}"
    remedy = "a part is missing from the checkpoint or the pattern; or write a rule for each"
    return [Problem(target, expected, found, group[0].origin, remedy)]


def _at_odds(target: str, group: Sequence[RuleMatch]) -> Problem:
    """Returns the problem of rules that would join sources, each in its own way."""
    first: dict[str, RuleMatch] = {}
    for found in group:
        first.setdefault(found.layout or "", found)
    said = [
        f"{f.name} by {f.origin} " + (f"with layout={text!r}" if text else "without a layout")
        for text, f in first.items()
    ]
    remedy = "give the rules the same layout, or send a source elsewhere"
    return Problem(target, "one layout in all rules that join", ", ".join(said), "", remedy)


def _collision(target: str, group: Sequence[RuleMatch], joins: bool) -> Problem:
    several = ", ".join(found.name for found in group[:4])
    more = f" and {len(group) - 4} more" if len(group) > 4 else ""
    origins = ", ".join(dict.fromkeys(found.origin for found in group[:4]))
    remedy = "send the others elsewhere, or drop them with a reason"
    if joins:
        remedy = (
            "to join them in order, put the number that tells it into parentheses, as in "
            r"part_(\d+), or write a rule for each"
        )
    return Problem(target, "one source", several + more, origins, remedy)
