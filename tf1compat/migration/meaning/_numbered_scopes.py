"""Scopes that are numbered as the layers of a stack."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

__all__ = ["NUMBERED", "numbered_within"]

NUMBERED = re.compile(r"(.*?)_?(?<!\d)(\d{1,18})")
"""A level of a scope: a word and a number."""


def numbered_within(scopes: Iterable[str], around: str, count: int) -> tuple[str, ...]:
    """Returns the scopes right within another that are numbered from 0 or 1 up, by number.

    () unless there are just `count` of them, of one word.

    >>> numbered_within(["net/layer_1/q", "net/layer_0/q", "net/layer_0/ff"], "net", 2)
    ('net/layer_0', 'net/layer_1')
    """
    start = f"{around}/" if around else ""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for scope in scopes:
        level = scope.removeprefix(start).partition("/")[0] if scope.startswith(start) else ""
        match = NUMBERED.fullmatch(level)
        if match is not None:
            found[match[1]][int(match[2])] = f"{start}{level}"
    rows = [
        tuple(members[number] for number in sorted(members))
        for members in found.values()
        if len(members) == count and sorted(members) in _counted(count)
    ]
    return rows[0] if len(rows) == 1 else ()


def _counted(count: int) -> tuple[list[int], list[int]]:
    return list(range(count)), list(range(1, count + 1))
