"""What nearly is what a weight wants: shards that make it up, and tables of more or fewer rows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from tf1compat.migration.layouts.layout import Spec
from tf1compat.names import fold_names

__all__ = ["nearly"]

_NUMBERS = re.compile(r"[0-9]+")


def nearly(wanted: Spec, left: Mapping[str, Spec]) -> str:
    """Returns what may make a weight up, and by which layout of a rule; ``""`` where nothing may.

    Args:
      wanted: the weight's shape and dtype.
      left: the variables that are left, by name.
    """
    rows = {n: spec for n, spec in left.items() if spec.shape[1:] == wanted.shape[1:] != ()}
    numbered: dict[str, list[str]] = defaultdict(list)
    for name in rows:
        numbered[_without_last_number(name)].append(name)
    joined = [
        names
        for names in numbered.values()
        if len(names) > 1 and sum(rows[name].shape[0] for name in names) == wanted.shape[0]
    ]
    if len(joined) == 1:
        names = ", ".join(fold_names(joined[0]))
        dealt = f"concatenate(0) | mod_shards({len(joined[0])})"
        return (
            f"; {names} make it up: layout='concatenate(0)' in a rule joins them if rows stand one "
            f"after the other, '{dealt}' if ids were dealt out to them in turn"
        )
    return _of_rows(wanted, rows) if len(rows) == 1 else ""


def _of_rows(wanted: Spec, rows: Mapping[str, Spec]) -> str:
    ((name, spec),) = rows.items()
    more = spec.shape[0] - wanted.shape[0]
    if more == 0 or abs(more) > min(spec.shape[0], wanted.shape[0]):
        return ""
    count = f"{abs(more)} row{'s' if abs(more) > 1 else ''}"
    if more < 0:
        return (
            f"; {name} has {count} fewer: layout='pad(0, {-more}, 0)' in a rule has those of the "
            f"model before its own, 'pad(0, 0, {-more})' behind them"
        )
    stop = spec.shape[0]
    return (
        f"; {name} has {count} more: layout='cut(0, {more}, {stop})' in a rule leaves the first "
        f"out, 'cut(0, 0, {stop - more})' the last"
    )


def _without_last_number(name: str) -> str:
    numbers = list(_NUMBERS.finditer(name))
    return f"{name[: numbers[-1].start()]}#{name[numbers[-1].end() :]}" if numbers else name
