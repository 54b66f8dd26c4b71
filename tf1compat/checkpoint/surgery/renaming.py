"""Other names, by the rules that migrations have."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tf1compat.checkpoint.surgery.planned_tensors import (
    Edit,
    Planned,
    require_distinct_names,
    require_name_based,
)
from tf1compat.errors import Problem, RuleError
from tf1compat.names import RuleSet

__all__ = ["rename"]


def rename(tensors: Sequence[Planned], rules: RuleSet) -> Edit:
    """Gives tensors the names that rules say; what no rule speaks of keeps its own.

    Slots and moving averages follow their variable, unless a rule speaks of them.

    Args:
      tensors: of one checkpoint.
      rules: those with `target` rename, those with `drop` leave out; others are refused.

    Raises:
      RuleError: a rule that does more than that, or matches nothing, or two that collide.
      MisfitError: several tensors would have one name.
    """
    require_name_based(tensors)
    _require_renaming(rules)
    outcome = rules.apply([one.name for one in tensors]).check()
    new = {name: match.target for name, match in outcome.sources.items()}
    reasons = {n: match.reason for n, match in outcome.sources.items() if match.target is None}
    kept, left_out = [], []
    for one in tensors:
        if one.name in reasons:
            left_out.append((one.name, reasons[one.name]))
            continue
        base = new.get(one.of)
        name = new.get(one.name) or (one.name if base is None else one.called(base))
        done = f"was {one.name}" if name != one.name else ""
        kept.append(dataclasses.replace(one, name=name, done=done))
    require_distinct_names(kept)
    return Edit(tuple(kept), tuple(left_out))


def _require_renaming(rules: RuleSet) -> None:
    problems = [
        Problem(str(rule), "a rule with a target alone, or with drop", _beyond(rule), rule.origin)
        for rule in rules
        if _beyond(rule)
    ]
    if problems:
        raise RuleError.from_problems("renaming takes rules that say names alone:", problems)


def _beyond(rule: object) -> str:
    """Returns what a rule says that isn't a name; "" if nothing."""
    fields = ("layout", "keep", "scope", "layer", "role", "source_vocabulary", "shared")
    return ", ".join(name for name in fields if getattr(rule, name, None))
