"""Nested states: the two traversals that today's public `tf.nest` lacks."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError

__all__ = ["children", "enumerated_map_up_to", "rebuild", "shallow_structure"]


def children(structure: Any) -> list[Any]:
    """Returns the direct children of a nested structure, dicts in the order of their keys."""
    if isinstance(structure, dict):
        # `nest` sorts keys: the index that seeds a dropout counts in that order.
        return [structure[key] for key in sorted(structure)]
    return list(structure)


def rebuild(structure: Any, values: list[Any]) -> Any:
    """Returns a structure of the type of `structure` (its top level) that holds `values`."""
    if isinstance(structure, dict):
        return type(structure)(zip(sorted(structure), values, strict=True))
    if hasattr(structure, "_fields"):
        return type(structure)(*values)
    return type(structure)(values)


def shallow_structure(visit: Callable[[Any], Any], structure: Any) -> Any:
    """Returns booleans for the levels of `structure` that `visit` wants traversed.

    `visit` is called with every level from the top, and answers True or False for all of it, or
    with a structure of booleans one level deep.
    """
    wanted = visit(structure)
    if not tf.nest.is_nested(structure):
        if not isinstance(wanted, bool):
            raise TypeError(f"visitor returned {wanted!r} for {structure!r}, not a bool")
        return wanted
    if not tf.nest.is_nested(wanted):
        if not wanted:
            return False
        # True stands for all of the level (`nest.get_traverse_shallow_structure`).
        wanted = rebuild(structure, [True] * len(children(structure)))
    parts = zip(children(wanted), children(structure), strict=True)
    return rebuild(structure, [_level(visit, want, part) for want, part in parts])


def _level(visit: Callable[[Any], Any], wanted: Any, part: Any) -> Any:
    if not isinstance(wanted, bool):
        raise TypeError(f"visitor returned {wanted!r} below its first level, not a bool")
    return shallow_structure(visit, part) if wanted and tf.nest.is_nested(part) else wanted


def enumerated_map_up_to(shallow: Any, function: Callable[..., Any], *structures: Any) -> Any:
    """Maps `function(index, *parts)` over `structures`, as deep as `shallow` goes.

    Raises:
      UsageError: (a `ValueError`) a structure is not as deep or wide as `shallow`.
    """
    counter = itertools.count()

    def walk(level: Any, parts: tuple[Any, ...]) -> Any:
        if not tf.nest.is_nested(level):
            return function(next(counter), *parts)
        wide = len(children(level))
        for part in parts:
            if not tf.nest.is_nested(part) or len(children(part)) != wide:
                raise UsageError(f"expected a structure of {wide} parts like {level}, got {part}")
        columns = zip(*(children(part) for part in parts), strict=True)
        return rebuild(
            level, [walk(sub, col) for sub, col in zip(children(level), columns, strict=True)]
        )

    return walk(shallow, structures)
