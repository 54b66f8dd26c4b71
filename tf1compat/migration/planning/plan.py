"""The plan: a two-sided ledger of every source variable and every target weight.

Nothing is written without a plan, and converting, verifying, reporting and dry runs are readings
of it. It is a plain value: it prints, compares, and goes through JSON unchanged.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

from tf1compat.errors import LayoutError, PlanError, Problem
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.planning import _plan_json
from tf1compat.migration.planning._kinds import DROP_KINDS, KEEP_KINDS, OUTSIDE, TIE_KINDS
from tf1compat.migration.planning._plan_views import PlanView
from tf1compat.migration.planning.lines import Ambiguity, Drop, Fill, Keep
from tf1compat.migration.planning.optimizer_lines import Training
from tf1compat.migration.planning.originals import astray_drops
from tf1compat.migration.planning.parts import uncovered_sources, unmade_targets
from tf1compat.names import fold_names
from tf1compat.printable import printable_name

__all__ = ["Plan"]

_NAMED = 12  # of a tie that are named one by one


@dataclasses.dataclass(frozen=True, repr=False)
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
      training: what the optimizer goes on with that the model was compiled with; None for none.

    Raises:
      PlanError: if a source or target is accounted for twice or not at all, or a reason is of no
        kind that such lines have.
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
    training: Training | None = None

    def __post_init__(self) -> None:
        used = {source for fill in self.all_fills for source in fill.sources}
        used |= {drop.source for drop in self.drops if not drop.whole}
        # What is read as several weights may be in several ties, or in one and in a fill.
        used |= {source for tie in self.ambiguities if tie.ways for source in tie.sources}
        problems = _ledger(
            self.sources,
            [
                *used,
                *(drop.source for drop in self.drops if drop.whole),
                *(s for tie in self.ambiguities if not tie.ways for s in tie.sources),
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
        if self.training is not None:
            problems += _ledger(self.training.targets, self.training.accounted)
        if problems:
            raise PlanError.from_problems("the plan's ledger doesn't add up:", problems)
        lines = ((self.drops, DROP_KINDS), (self.keeps, KEEP_KINDS), (self.ambiguities, TIE_KINDS))
        for some, kinds in lines:
            for line in some:
                if line.because.kind.name not in kinds:
                    raise PlanError(
                        f"plan: expected a {kinds.what} ({', '.join(kinds)}), found "
                        f"{line.because.kind.name!r}"
                    )

    @property
    def all_fills(self) -> tuple[Fill, ...]:
        """What is filled of the model and of its optimizer."""
        return self.fills if self.training is None else (*self.fills, *self.training.fills)

    @property
    def complete(self) -> bool:
        """Whether every source is used or dropped and every target is filled or kept."""
        lacking = self.training is not None and self.training.problems
        return not (self.ambiguities or self.unexplained or self.unfilled or lacking)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that keeps the plan from being complete, ambiguities first."""
        ties = [
            Problem(
                _named(tie.targets),
                "one assignment better supported than the others",
                f"{len(tie.sources)} equal sources: {_named(tie.sources)}",
                tie.evidence,
                _remedy(tie),
            )
            for tie in self.ambiguities
        ]
        training = self.training.problems if self.training else ()
        return (*ties, *self.unfilled, *self.unexplained, *training)

    def require_complete(self) -> None:
        """Does nothing for a complete plan.

        Raises:
          PlanError: naming every ambiguity, unfilled target and unexplained source.
        """
        if not self.complete:
            raise PlanError.from_problems(self.headline(), self.problems)

    def headline(self) -> str:
        """Returns one line with the counts of both sides of the ledger."""
        tied_s = len({source for tie in self.ambiguities for source in tie.sources})
        tied_t = sum(len(tie.targets) for tie in self.ambiguities)
        used = len({source for fill in self.all_fills for source in fill.sources})
        dropped = sum(drop.whole for drop in self.drops)
        state = "complete" if self.complete else "incomplete"
        wrong = len(self.training.problems) if self.training else 0
        more = f"; {wrong} problems of the optimizer" if wrong else ""
        return (
            f"plan {state}: {len(self.targets)} targets: {len(self.fills)} filled, "
            f"{len(self.keeps)} kept, {tied_t} ambiguous, {len(self.unfilled)} unfilled; "
            f"{len(self.sources)} sources: {used} used, {dropped} dropped, "
            f"{tied_s} ambiguous, {len(self.unexplained)} unexplained{self._outside()}{more}"
        )

    def _outside(self) -> str:
        """Returns what is said of a migration of a part: how much of both sides it is not about."""
        kept = sum(keep.kind == OUTSIDE.name for keep in self.keeps)
        dropped = sum(drop.kind == OUTSIDE.name for drop in self.drops)
        if not kept and not dropped:
            return ""
        return f"; a part alone: {dropped} sources outside left behind, {kept} targets outside kept"

    def lines(self) -> list[str]:
        """Returns the headline and a line for each target and each source, with the reason.

        A source that is used stands with its target; what is open stands last, behind ``!``.
        """
        return self._view().lines()

    def __str__(self) -> str:
        return self._view().text()

    def __repr__(self) -> str:
        return printable_name(f"<{self.headline()}>")

    def _repr_html_(self) -> str:
        return self._view().html()

    def _view(self) -> PlanView:
        return PlanView(
            self.headline(),
            self.fills,
            self.keeps,
            self.drops,
            self.problems,
            tuple(self.training.lines() if self.training else ()),
        )

    def to_json(self) -> str:
        """Returns the plan as JSON; :meth:`from_json` gives an equal plan back.

        Every line has the `kind` of its reason, the `facts`, and the `text` made of both.
        """
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return _plan_json.to_json(fields)

    def digest(self) -> str:
        """Returns the SHA-256 of the plan as JSON, wherever its checkpoint lies."""
        elsewhere = dataclasses.replace(self, checkpoint="")
        return hashlib.sha256(elsewhere.to_json().encode()).hexdigest()

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Returns the plan that :meth:`to_json` wrote, in this version or the first.

        Raises:
          PlanError: for text that is no plan, or a plan of another format; or one whose layouts
            don't make their targets, whose parts don't make up their sources, or whose drops are
            said to be like sources that aren't there.
        """
        plan = cls(**_plan_json.from_json(text))
        used = [source for fill in plan.all_fills for source in fill.sources]
        problems = [*unmade_targets(plan.fills, plan.sources, plan.targets)]
        if (kept := plan.training) is not None:
            problems += unmade_targets(kept.fills, plan.sources, kept.targets)
        problems += astray_drops(plan.drops, plan.sources, used)
        if plan.complete and not problems:
            left_out = [
                (drop.source, str(drop.facts["part"])) for drop in plan.drops if not drop.whole
            ]
            try:
                problems = uncovered_sources(plan.fills, left_out, plan.sources)
            except LayoutError as error:
                raise PlanError(f"plan: a part that is dropped: {error}") from None
        if problems:
            raise PlanError.from_problems("the plan's ledger doesn't add up:", problems)
        return plan


def _named(names: tuple[str, ...]) -> str:
    """Returns the names of a tie: all of a few, of many the first folded; the tie has them all."""
    if len(names) <= _NAMED:
        return ", ".join(names)
    lines = fold_names(names)
    left = len(lines) - _NAMED
    more = [f"and {left} more such lines (.ambiguities)"] if left > 0 else []
    return ", ".join([*lines[:_NAMED], *more])


def _remedy(tie: Ambiguity) -> str:
    read = next((way.layout for way in tie.ways if way.because), None)
    such = f", with a layout such as {read}" if read else ""
    return f"say which by a rule for each{such}"


def _ledger(known: Iterable[str], accounted: Iterable[str]) -> list[Problem]:
    counts = Counter(accounted)
    names = dict.fromkeys([*known, *counts])
    known = set(known)
    return [
        Problem(name, "one entry in the ledger", f"{counts[name]} entries")
        for name in names
        if counts[name] != 1 or name not in known
    ]
