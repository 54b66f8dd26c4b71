"""Scopes that are numbered as the layers of a stack."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

__all__ = ["numbered", "numbered_within"]

_DIGITS = "0123456789"
_LONGEST = 9  # digits of what counts members


def numbered(level: str) -> tuple[str, int] | None:
    """Returns the word and the number that a level of a scope is; None where it is none.

    >>> numbered("layer_12"), numbered("h0"), numbered("dense")
    (('layer', 12), ('h', 0), None)
    """
    word = level.rstrip(_DIGITS)
    digits = level[len(word) :]
    return (word.removesuffix("_"), int(digits)) if 0 < len(digits) <= _LONGEST else None


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
        parts = numbered(level)
        if parts is not None:
            word, number = parts
            found[word][number] = f"{start}{level}"
    rows = [
        tuple(members[number] for number in sorted(members))
        for members in found.values()
        if len(members) == count and sorted(members) in _counted(count)
    ]
    return rows[0] if len(rows) == 1 else ()


def _counted(count: int) -> tuple[list[int], list[int]]:
    return list(range(count)), list(range(1, count + 1))
