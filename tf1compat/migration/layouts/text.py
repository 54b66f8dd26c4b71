"""The text form of layouts: ``transpose(1, 0) | cast(float32)``."""

from __future__ import annotations

import functools
import re
import typing
from collections.abc import Sequence
from typing import Any

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts._written_form import (
    argument_value,
    arguments,
    has_default,
    is_many,
)
from tf1compat.migration.layouts.chain import Chain
from tf1compat.migration.layouts.layout import IDENTITY, LAYOUTS, Layout
from tf1compat.registry import asked, briefly

__all__ = ["LAYOUT_FACTS", "parse_layout", "written_form"]

_STEP = re.compile(r"\s*(\w+)\s*(?:\(([^()]*)\)\s*)?")


def parse_layout(text: str) -> Layout:
    """Returns the layout that `text` names, steps separated by ``|``.

    Raises:
      LayoutError: for an unknown layout or arguments it doesn't take.

    >>> str(parse_layout("reshape(4,-1)|transpose(1,0)"))
    'reshape(4, -1) | transpose(1, 0)'
    """
    return _parsed(text, LAYOUTS.version)


@functools.lru_cache(maxsize=4096)
def _parsed(text: str, version: int) -> Layout:
    """Returns the layout that `text` names while the registry is of this version."""
    steps = tuple(_parse_step(step, text) for step in text.split("|"))
    return steps[0] if len(steps) == 1 else Chain(steps)


def _parse_step(step: str, text: str) -> Layout:
    match = _STEP.fullmatch(step)
    if match is None or match[1] not in LAYOUTS:
        raise LayoutError(
            f"layout {text!r}: expected one of {', '.join(sorted(LAYOUTS))}, "
            f"with arguments in parentheses, found {step.strip()!r}"
        )
    made = _made(LAYOUTS[match[1]], step, text)
    again = _STEP.fullmatch(str(made))
    # A plan holds the text alone, and is carried out by what that says.
    if again is None or again[1] != made.name or _made(type(made), str(made), text) != made:
        raise LayoutError(
            f"layout {text!r}: expected a layout whose text says the same layout, found that of "
            f"{step.strip()!r}, which is {briefly(str(made))}"
        )
    return made


def _made(layout: type[Layout], step: str, text: str) -> Layout:
    match = _STEP.fullmatch(step)
    words = (match[2] or "") if match else ""
    given = [argument.strip() for argument in words.split(",") if argument.strip()]
    assigned = _assigned(layout, given)
    if assigned is None:
        expected = written_form(layout)
        raise LayoutError(f"layout {text!r}: expected {expected}, found {step.strip()!r}")
    try:
        fields = {name: argument_value(kind, words) for name, kind, words in assigned}
    except ValueError as error:
        raise LayoutError(
            f"layout {text!r}: {layout.name} expected {error}, found {step.strip()!r}"
        ) from None
    made: Layout = asked(
        f"layout {step.strip()!r}",
        "__post_init__",
        call=lambda: layout(**fields),
        error=LayoutError,
        passed=(LayoutError, MemoryError),
    )
    return made


def _assigned(
    layout: type[Layout], given: Sequence[str]
) -> list[tuple[str, Any, Sequence[str]]] | None:
    """Returns the name and kind of each field given and its arguments; None if they don't match."""
    left = list(given)
    found: list[tuple[str, Any, Sequence[str]]] = []
    for field, kind in arguments(layout):
        if not left and has_default(field):
            continue
        if not left and not is_many(kind):
            return None
        taken = len(left) if is_many(kind) else 1
        found.append((field.name, kind, left[:taken]))
        del left[:taken]
    return None if left else found


def written_form(layout: type[Layout]) -> str:
    """Returns how a layout is written: ``split(axis: int, start: int, stop: int)``."""
    parts = []
    for field, kind in arguments(layout):
        if is_many(kind):
            parts.append(f"*{field.name}: {typing.get_args(kind)[0].__name__}")
        else:
            parts.append(f"{field.name}: {kind.__name__}")
    return f"{layout.name}({', '.join(parts)})"


class _Facts:
    """What :class:`tf1compat.names.LayoutFacts` asks; a text that is no layout has no facts."""

    def joins(self, layout: str) -> bool:
        return _or_identity(layout).joins

    def takes_part(self, layout: str) -> bool:
        return _or_identity(layout).takes_part

    def computes(self, layout: str) -> bool:
        return _or_identity(layout).computes

    def row(self, number: int) -> str:
        return f"split(0, {number}, {number + 1}) | squeeze(0)"


LAYOUT_FACTS = _Facts()
"""What :meth:`tf1compat.names.RuleSet.apply` has to know of the layouts there are."""


def _or_identity(text: str) -> Layout:
    try:
        return parse_layout(text)
    except LayoutError:  # said where the layout is used
        return IDENTITY
