"""Parts of a program that are set apart from others like them, and which those are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.matching.objections import MARKS
from tf1compat.migration.matching.places import words_of

__all__ = ["mirrors"]

Held = frozenset[tuple[str, Spec]]


def mirrors(sources: Mapping[str, Spec], apart: Collection[str]) -> dict[str, str]:
    """Returns scopes whose own words set them apart, each with the scope that it mirrors.

    Both hold variables of the same names and shapes, all of them, and two or more. Where several
    scopes are alike, none is.

    Args:
      sources: the variables, by name.
      apart: those that don't count: slots and the like.
    """
    held: dict[str, dict[str, Spec]] = defaultdict(dict)
    for name, spec in sources.items():
        levels = name.split("/")
        for depth in range(1, len(levels) if name not in apart else 0):
            held["/".join(levels[:depth])]["/".join(levels[depth:])] = spec
    alike: dict[Held, list[str]] = defaultdict(list)
    for scope, inside in held.items():
        alike[frozenset(inside.items())].append(scope)
    found: dict[str, str] = {}
    for same, scopes in alike.items():
        marked = [scope for scope in scopes if _is_marked(scope)]
        plain = [scope for scope in scopes if not _is_marked(scope)]
        if len(same) > 1 and len(marked) == len(plain) == 1:
            found[marked[0]] = plain[0]
    return {scope: of for scope, of in found.items() if scope.rpartition("/")[0] not in found}


def _is_marked(scope: str) -> bool:
    return any(not MARKS.isdisjoint(words_of(level)) for level in scope.split("/"))
