"""The arguments of layouts: fields of their dataclasses, by annotation, and how a text has them."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
import typing
from collections.abc import Sequence
from typing import Any

from tf1compat.errors import UsageError

__all__ = ["argument_value", "arguments", "check_arguments", "has_default", "is_many", "written"]

_WRITTEN: dict[Any, tuple[re.Pattern[str], str]] = {
    int: (re.compile(r"-?\d+"), "integers"),
    float: (re.compile(r"[-+]?(\d+(?:\.\d*)?|\.\d+)([eE][-+]?\d+)?"), "a number"),
    str: (re.compile(r"(?![-+]?[\d.]+\Z)[^\s,|()](?:[^,|()]*[^\s,|()])?"), "a name"),
}
"""Annotations that an argument may have: how it is written, and what errors call it."""


def is_many(kind: Any) -> bool:
    """Tells the annotation of a field that takes all arguments that are left."""
    return typing.get_origin(kind) is tuple and typing.get_args(kind)[1:] == (...,)


def arguments(layout: Any) -> tuple[tuple[dataclasses.Field[Any], Any], ...]:
    """Returns the fields of a layout's class, which are its arguments, each with its annotation."""
    return _arguments(layout)


@functools.cache
def _arguments(layout: Any) -> tuple[tuple[dataclasses.Field[Any], Any], ...]:
    hints = typing.get_type_hints(layout)
    return tuple((field, hints[field.name]) for field in dataclasses.fields(layout) if field.init)


def written(value: Any) -> list[str]:
    """Returns the words of a field's value: one, or one for each of many."""
    return [str(x) for x in (value if isinstance(value, tuple) else [value])]


def argument_value(kind: Any, words: Sequence[str]) -> Any:
    """Returns the value of a field that `words` write.

    Raises:
      ValueError: saying what was expected.
    """
    if is_many(kind):
        return tuple(_one(typing.get_args(kind)[0], word) for word in words)
    return _one(kind, words[0])


def _one(kind: type, word: str) -> Any:
    form, expected = _WRITTEN[kind]
    value = kind(word) if form.fullmatch(word) is not None else None
    if value is None or (kind is float and not math.isfinite(value)):  # 1e999 is infinite
        raise ValueError(expected)
    return value


def check_arguments(name: str, layout: type) -> None:
    """Raises UsageError for a layout whose fields, or their defaults, no text could hold."""
    try:
        given = arguments(layout)
    except NameError as error:
        raise UsageError(
            f"layout {name!r}: expected annotations that can be resolved, found {error}"
        ) from None
    for field, kind in given:
        many = is_many(kind) and field is given[-1][0]
        if (typing.get_args(kind)[0] if many else kind) not in _WRITTEN:
            raise UsageError(
                f"layout {name!r}: expected fields annotated int, float or str, or the last one "
                f"a tuple of any number of them, found {field.name}: {field.type}"
            )
        _check_default(name, field, kind)


def _check_default(name: str, field: dataclasses.Field[Any], kind: Any) -> None:
    if not has_default(field):
        return
    default = field.default
    if default is dataclasses.MISSING:
        default = field.default_factory()  # type: ignore[operator,misc]
    try:
        same = argument_value(kind, written(default)) == default
    except (ValueError, IndexError):
        same = False
    if not same:
        raise UsageError(
            f"layout {name!r}: expected a default that a layout's text can hold, "
            f"found {field.name} = {default!r}"
        )


def has_default(field: dataclasses.Field[Any]) -> bool:
    """Tells whether a field may be left out."""
    missing = dataclasses.MISSING
    return field.default is not missing or field.default_factory is not missing
