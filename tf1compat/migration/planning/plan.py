"""The plan: a two-sided ledger of every source variable and every target weight.

Nothing is written without a plan, and converting, verifying, reporting and dry runs are readings
of it. It is a plain value: it prints, compares, and goes through JSON unchanged.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tf1compat.errors import PlanError, Problem
from tf1compat.migration.layouts.layout import Spec

__all__ = ["Ambiguity", "Drop", "Fill", "Keep", "Plan"]

_FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Fill:
    """A target weight and the source, or sources, that fill it.

    Attributes:
      target: path of the weight.
      sources: names of the variables, in the order the layout takes them.
      layout: text of the layout; see :mod:`tf1compat.migration.layouts`.
      why: the rule or the evidence that decided.
    """

    target: str
    sources: tuple[str, ...]
    layout: str
    why: str


@dataclasses.dataclass(frozen=True)
class Drop:
    """A source that is left behind on purpose."""

    source: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Keep:
    """A target that keeps its initial value on purpose."""

    target: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Ambiguity:
    """Sources and targets that evidence supports equally.

    Attributes:
      sources: names of the variables; each could go to any target of its role and shape.
      targets: paths of the weights.
      evidence: what they have in common and what is missing to tell them apart.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    evidence: str


@dataclasses.dataclass(frozen=True)
class Plan:
    """What happens to every source and every target, and why.

    Attributes:
      checkpoint: prefix of the checkpoint it was made for.
      model: name of the model it was made for.
      sources: shape and dtype of every variable of the checkpoint, by name.
      targets: shape and dtype of every weight of the model, by path.
      fills: the targets that are filled.
      drops: the sources that are left behind, with reasons.
      keeps: the targets that keep their initial values, with reasons.
      ambiguities: groups that nothing tells apart.
      unexplained: a problem for every source that nothing accounts for.
      unfilled: a problem for every target that nothing accounts for.

    Raises:
      PlanError: if a source or target is accounted for twice or not at all.
    """

    checkpoint: str
    model: str
    sources: Mapping[str, Spec]
    targets: Mapping[str, Spec]
    fills: tuple[Fill, ...] = ()
    drops: tuple[Drop, ...] = ()
    keeps: tuple[Keep, ...] = ()
    ambiguities: tuple[Ambiguity, ...] = ()
    unexplained: tuple[Problem, ...] = ()
    unfilled: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        used = {source for fill in self.fills for source in fill.sources}
        problems = _ledger(
            self.sources,
            [
                *used,
                *(drop.source for drop in self.drops),
                *(source for tie in self.ambiguities for source in tie.sources),
                *(problem.name for problem in self.unexplained),
            ],
        )
        problems += _ledger(
            self.targets,
            [
                *(fill.target for fill in self.fills),
                *(keep.target for keep in self.keeps),
                *(target for tie in self.ambiguities for target in tie.targets),
                *(problem.name for problem in self.unfilled),
            ],
        )
        if problems:
            raise PlanError.from_problems("the plan's ledger doesn't add up:", problems)

    @property
    def complete(self) -> bool:
        """Whether every source is used or dropped and every target is filled or kept."""
        return not (self.ambiguities or self.unexplained or self.unfilled)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that keeps the plan from being complete, ambiguities first."""
        ties = [
            Problem(
                ", ".join(tie.targets),
                "one assignment better supported than the others",
                f"{len(tie.sources)} equal sources: {', '.join(tie.sources)}",
                tie.evidence,
                "say which by a rule for each",
            )
            for tie in self.ambiguities
        ]
        return (*ties, *self.unfilled, *self.unexplained)

    def require_complete(self) -> None:
        """Does nothing for a complete plan.

        Raises:
          PlanError: naming every ambiguity, unfilled target and unexplained source.
        """
        if not self.complete:
            raise PlanError.from_problems(self.headline(), self.problems)

    def headline(self) -> str:
        """Returns one line with the counts of both sides of the ledger."""
        tied_s = sum(len(tie.sources) for tie in self.ambiguities)
        tied_t = sum(len(tie.targets) for tie in self.ambiguities)
        used = len({source for fill in self.fills for source in fill.sources})
        state = "complete" if self.complete else "incomplete"
        return (
            f"plan {state}: {len(self.targets)} targets: {len(self.fills)} filled, "
            f"{len(self.keeps)} kept, {tied_t} ambiguous, {len(self.unfilled)} unfilled; "
            f"{len(self.sources)} sources: {used} used, {len(self.drops)} dropped, "
            f"{tied_s} ambiguous, {len(self.unexplained)} unexplained"
        )

    def __str__(self) -> str:
        lines = [self.headline()]
        for fill in self.fills:
            layout = "" if fill.layout == "identity" else f" [{fill.layout}]"
            lines.append(f"  {fill.target} <- {', '.join(fill.sources)}{layout}  ({fill.why})")
        lines += [f"  {keep.target} kept  ({keep.reason})" for keep in self.keeps]
        lines += [f"  dropped {drop.source}  ({drop.reason})" for drop in self.drops]
        lines += [f"  ! {problem}" for problem in self.problems]
        return "\n".join(lines)

    def to_json(self) -> str:
        """Returns the plan as JSON; :meth:`from_json` gives an equal plan back."""
        content = {"format": _FORMAT, **dataclasses.asdict(self)}
        return json.dumps(content, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Returns the plan that :meth:`to_json` wrote.

        Raises:
          PlanError: for text that is no plan, or a plan of another format.
        """
        try:
            content: dict[str, Any] = json.loads(text)
            if content.pop("format") != _FORMAT:
                raise PlanError(f"plan: expected format {_FORMAT}; make it anew with this version")
            specs: dict[str, Any] = {s: _specs(content.pop(s)) for s in ("sources", "targets")}
            parts: dict[str, Any] = {
                name: tuple(kind(**_tuples(row)) for row in content.pop(name))
                for name, kind in _PARTS.items()
            }
            return cls(**content, **specs, **parts)
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise PlanError(
                f"plan: expected JSON written by Plan.to_json, found {error}"
            ) from error


_PARTS = {
    "fills": Fill,
    "drops": Drop,
    "keeps": Keep,
    "ambiguities": Ambiguity,
    "unexplained": Problem,
    "unfilled": Problem,
}


def _specs(rows: Mapping[str, Any]) -> dict[str, Spec]:
    return {name: Spec(tuple(row["shape"]), row["dtype"]) for name, row in rows.items()}


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}


def _ledger(known: Iterable[str], accounted: Iterable[str]) -> list[Problem]:
    counts = Counter(accounted)
    names = dict.fromkeys([*known, *counts])
    known = set(known)
    return [
        Problem(name, "one entry in the ledger", f"{counts[name]} entries")
        for name in names
        if counts[name] != 1 or name not in known
    ]
