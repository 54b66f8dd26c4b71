"""Rules that send each row of a source to a weight of its own: ``layer_{row}/bias``."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection, Iterator

from tf1compat.errors import Problem
from tf1compat.names._join_order import LayoutFacts, RuleMatch

__all__ = ["ROW", "by_rows"]

ROW = "{row}"
"""What stands in a target for the number of a row."""
_MOST = 100_000


def by_rows(
    found: RuleMatch, targets: Collection[str] | None, layouts: LayoutFacts | None
) -> list[RuleMatch] | Problem:
    """Returns what a match says of each row of its source, if its target asks for rows.

    Rows are counted along the first axis, from the first target that is there: of number 0, or 1.

    Args:
      found: the match of a rule.
      targets: paths of all the model's weights; None if they aren't known.
      layouts: says how a row is taken; None where no layouts are known.
    """
    text = found.target or ""
    if ROW not in text:
        return [found]
    if targets is None or layouts is None:
        expected = f"a target without {ROW}, which plans of a migration alone know"
        return Problem(found.name, expected, repr(text), found.origin, "write a rule for each")
    paths = list(_numbered(text, targets))
    if not paths:
        expected = f"targets of the model with the numbers of rows, from 0 or 1, for {ROW}"
        remedy = "mend the rule's target"
        return Problem(found.name, expected, f"none like {text}", found.origin, remedy)
    return [
        dataclasses.replace(found, target=path, layout=_laid_out(found, layouts.row(number)))
        for number, path in enumerate(paths)
    ]


def _numbered(text: str, targets: Collection[str]) -> Iterator[str]:
    """Yields the targets that there are, by their numbers, up to the first that isn't there."""
    # Keras leaves out the number of the first of a name.
    bare = text.replace(f"_{ROW}", "")
    first = next((path for path in (text.replace(ROW, "0"), bare) if path in targets), None)
    if first is not None:
        yield first
    for number in itertools.count(1):
        path = text.replace(ROW, str(number))
        if path not in targets or number > _MOST:
            return
        yield path


def _laid_out(found: RuleMatch, row: str) -> str:
    return row if found.layout is None else f"{row} | {found.layout}"
