"""An incomplete plan in few lines: every offender, folded, and rules ready to paste."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tf1compat.errors import Problem
from tf1compat.migration.planning.lines import Ambiguity
from tf1compat.migration.planning.plan import Plan
from tf1compat.names import fold_names, nearest_names, paste_rule

__all__ = ["offender_lines"]

_LINES = 38  # leaves room for what an app prints around them
_SHOWN = 3  # groups or names explained one by one
_FOLDED = 6  # folded lines of names in each category before they are counted instead


def offender_lines(plan: Plan) -> list[str]:
    """Returns at most 40 lines that name every ambiguity, unfilled target and unexplained source.

    Names that differ by numbers share a line (``layer_{0..23}/kernel``). Where even folded there
    are too many, the rest is counted; the plan as JSON lists all of them.
    """
    lines = [
        *_ambiguous(plan.ambiguities),
        *_category("unfilled target", plan.unfilled, _unfilled_help(plan)),
        *_category("unexplained source", plan.unexplained, _unexplained_help(plan)),
    ]
    if len(lines) > _LINES:
        lines = [*lines[:_LINES], f"... and {len(lines) - _LINES} more lines: see --format=json"]
    return lines


def _ambiguous(ties: Sequence[Ambiguity]) -> Iterator[str]:
    if not ties:
        return
    yield f"{len(ties)} ambiguous group(s), {sum(len(t.targets) for t in ties)} targets in all:"
    for tie in ties[:_SHOWN]:
        yield f"  targets {_folded(tie.targets)}"
        yield f"  sources {_folded(tie.sources)}"
        yield f"    {tie.evidence}; if these belong together, say so by a rule for each, e.g."
        yield f"    {paste_rule(tie.sources[0], target=tie.targets[0])}"
    rest = ties[_SHOWN:]
    if rest:
        yield f"  and {_folded([t for tie in rest for t in tie.targets])}"


def _category(what: str, problems: Sequence[Problem], help_: Iterable[str]) -> Iterator[str]:
    if problems:
        yield f"{len(problems)} {what}{'s' if len(problems) > 1 else ''}:"
        folded = fold_names(problem.name for problem in problems)
        yield from (f"  {line}" for line in folded[:_FOLDED])
        if len(folded) > _FOLDED:
            yield f"  and {len(folded) - _FOLDED} more such lines: --format=json lists all"
        yield from help_


def _unfilled_help(plan: Plan) -> Iterator[str]:
    free = [problem.name for problem in plan.unexplained]
    for problem in plan.unfilled[:_SHOWN]:
        yield f"  {problem.name}: expected {problem.expected}, found {problem.found}"
        if problem.origin in plan.sources:  # evidence found it, and only a layout can tell
            yield f"    {problem.origin}: {problem.remedy}"
            continue
        wanted = plan.targets[problem.name].shape
        for layout, shape in ((None, wanted), ("transpose(1, 0)", wanted[::-1])):
            fitting = [name for name in free if plan.sources[name].shape == shape]
            if fitting and (layout is None or len(wanted) == 2):
                (near,) = nearest_names(problem.name, fitting, 1)
                yield f"    if it is meant: {paste_rule(near, target=problem.name, layout=layout)}"
                break
    if plan.unfilled:
        keep = paste_rule(None, target=plan.unfilled[0].name, keep="say why it starts afresh")
        yield f"    or, to keep an initial value: {keep}"


def _unexplained_help(plan: Plan) -> Iterator[str]:
    for problem in plan.unexplained[:1]:
        yield f"  {problem.name}: expected {problem.expected}, found {problem.found}"
        yield f"    to leave it behind: {paste_rule(problem.name, drop='say why')}"


def _folded(names: Iterable[str]) -> str:
    lines = fold_names(names)
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return ", ".join(lines[:_SHOWN]) + more
