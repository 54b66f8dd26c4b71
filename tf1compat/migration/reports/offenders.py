"""An incomplete plan in few lines: every offender, folded, what is asked, and what may help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from tf1compat.checkpoint import Entry
from tf1compat.errors import Problem
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.reports._questions import folded, questions
from tf1compat.migration.reports._suggestions import Replan, suggestions
from tf1compat.names import fold_names

__all__ = ["offender_lines"]

_BARE = ("neither", "none", "none in the file")  # what says no more than that something is left
_LINES = 38  # leaves room for what an app prints around them
_SHOWN = 3  # folded names of one side of a question
_RULES = (
    "a rule with keep='why' leaves a target its initial value, one with drop='why' leaves a source "
    "behind"
)
_FOLDED = 6  # folded lines of names in each category before they are counted instead


def offender_lines(
    plan: Plan,
    *,
    replan: Replan | None = None,
    checkpoint: Mapping[str, Entry] = MappingProxyType({}),
) -> list[str]:
    """Returns at most 40 lines that name every ambiguity, unfilled target and unexplained source.

    Names that differ by numbers share a line (``layer_{0..23}/kernel``). Where even folded there
    are too many, the rest is counted; the plan as JSON lists all of them. Where nothing tells which
    source belongs to a target, that is asked, and no rule is made up.

    Args:
      plan: a plan.
      replan: plans once more with more rules. Rules are suggested only if this shows that they
        settle what they name; without it none are.
      checkpoint: the checkpoint of the plan; what is suggested to be a copy is compared there.
    """
    if plan.complete:
        return []
    lines = [
        *_category("ambiguous target", [t for tie in plan.ambiguities for t in tie.targets]),
        *_category("unfilled target", [problem.name for problem in plan.unfilled]),
        *_questions(plan),
        *_category("unexplained source", [p.name for p in plan.unexplained], _named(plan)),
        *_said(plan.unexplained),
        *(_suggested(plan, replan, checkpoint) if replan is not None else ()),
        *([_RULES] if plan.ambiguities or plan.unfilled or plan.unexplained else ()),
        *_of_optimizer(plan),
    ]
    if len(lines) > _LINES:
        lines = [*lines[:_LINES], f"... and {len(lines) - _LINES} more lines: see --format=json"]
    return lines


def _of_optimizer(plan: Plan) -> Iterator[str]:
    """Yields what keeps the model's optimizer from going on just as 1.15's would."""
    training = plan.training
    if training is None or not training.problems:
        return
    yield from _category("unfilled optimizer variable", [p.name for p in training.unfilled])
    why = Counter(problem.found for problem in training.unfilled)
    yield from (f"  {count} {reason}" for reason, count in why.items())
    if training.refused:
        yield f"{training.optimizer.rpartition('>')[2]} computes something else than 1.15 did:"
        yield from (f"  {problem.found}" for problem in training.refused)
        yield from (f"  {line}" for line in training.offered())
    yield "--optimizer=prefer takes what there is"


def _category(what: str, names: Sequence[str], told: Collection[str] = ()) -> Iterator[str]:
    """Yields how many there are and, of those that no line below names, which."""
    if names:
        yield f"{len(names)} {what}{'s' if len(names) > 1 else ''}:"
        folded = fold_names(name for name in names if name not in told)
        yield from (f"  {line}" for line in folded[:_FOLDED])
        if len(folded) > _FOLDED:
            yield f"  and {len(folded) - _FOLDED} more such lines: --format=json lists all"


def _questions(plan: Plan) -> Iterator[str]:
    """Yields what is asked about the open targets."""
    said = {p.name: p for p in plan.unfilled if p.origin in plan.sources}
    yield from _said(list(said.values()))
    yield from questions(plan, said)


def _named(plan: Plan) -> set[str]:
    """Returns the unexplained sources that are named where it is said what to do about them."""
    found: set[str] = set()
    for ones in _by_remedy(plan.unexplained).values():
        names = [one.name for one in ones]
        if len(fold_names(names)) <= _SHOWN:
            found.update(names)
    return found


def _by_remedy(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    asked: dict[str, list[Problem]] = {}
    for problem in problems:
        asked.setdefault(problem.remedy, []).append(problem)
    return asked


def _said(problems: Sequence[Problem]) -> Iterator[str]:
    """Yields what problems ask for that are more than that something is left."""
    for remedy, ones in _by_remedy(problems).items():
        names = folded([one.name for one in ones])
        origin = f" ({ones[0].origin})" if len(ones) == 1 and ones[0].origin else ""
        alike = len({(one.expected, one.found) for one in ones}) == 1 and ones[0].found not in _BARE
        found = f"expected {ones[0].expected}, found {ones[0].found}; "
        yield f"  {names}{origin}: {found if len(ones) == 1 or alike else ''}{remedy}"


def _suggested(plan: Plan, replan: Replan, checkpoint: Mapping[str, Entry]) -> Iterator[str]:
    found = suggestions(plan, replan, checkpoint)
    if found:
        yield "if it is meant, paste; each was planned with, and settles what it names:"
        yield from (f"  {one.text}  # {one.why}" for one in found)
