"""Which fills share sources, and so have to go back together."""

from __future__ import annotations

from collections.abc import Iterable

from tf1compat.migration.planning.lines import Fill

__all__ = ["linked_fills"]


def linked_fills(fills: Iterable[Fill]) -> list[list[Fill]]:
    """Returns the fills in groups that have no source in common, in order of their first fills."""
    every = list(fills)
    group = list(range(len(every)))  # by fill, the number of another in the same group
    first: dict[str, int] = {}

    def root(number: int) -> int:
        while group[number] != number:
            group[number] = number = group[group[number]]
        return number

    for number, fill in enumerate(every):
        for source in fill.sources:
            one, other = sorted((root(first.setdefault(source, number)), root(number)))
            group[other] = one
    found: dict[int, list[Fill]] = {}
    for number, fill in enumerate(every):
        found.setdefault(root(number), []).append(fill)
    return list(found.values())
