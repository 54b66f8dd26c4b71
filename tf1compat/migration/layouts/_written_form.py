"""The arguments of layouts: fields of their dataclasses, by annotation, and how a text has them."""

from __future__ import annotations

import dataclasses
import functools
import re
import typing
from typing import Any

__all__ = ["WRITTEN", "arguments", "is_many"]

WRITTEN: dict[Any, tuple[re.Pattern[str], str]] = {
    int: (re.compile(r"-?\d+"), "integers"),
    float: (re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"), "a number"),
    str: (re.compile(r"(?![-+]?[\d.]+\Z).+"), "a name"),
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
