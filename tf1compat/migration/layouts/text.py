"""The text form of layouts: ``transpose(1, 0) | cast(float32)``."""

from __future__ import annotations

import functools
import inspect
import re

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts import basic  # noqa: F401  its layouts register themselves
from tf1compat.migration.layouts.joins import Chain
from tf1compat.migration.layouts.layout import Layout, registered_layouts

__all__ = ["parse_layout"]

_STEP = re.compile(r"\s*(\w+)\s*(?:\(([^()]*)\))?\s*")


@functools.cache
def parse_layout(text: str) -> Layout:
    """Returns the layout that `text` names, steps separated by ``|``.

    Raises:
      LayoutError: for an unknown layout or arguments it doesn't take.

    >>> str(parse_layout("reshape(4,-1)|transpose(1,0)"))
    'reshape(4, -1) | transpose(1, 0)'
    """
    steps = tuple(_parse_step(step, text) for step in text.split("|"))
    return steps[0] if len(steps) == 1 else Chain(steps)


def _parse_step(step: str, text: str) -> Layout:
    match = _STEP.fullmatch(step)
    known = registered_layouts()
    if match is None or match[1] not in known:
        raise LayoutError(
            f"layout {text!r}: expected one of {', '.join(sorted(known))}, "
            f"with arguments in parentheses, found {step.strip()!r}"
        )
    arguments = [_argument(a) for a in (match[2] or "").split(",") if a.strip()]
    make = known[match[1]]
    try:
        inspect.signature(make).bind(*arguments)
    except TypeError:
        raise LayoutError(
            f"layout {text!r}: expected {match[1]}{inspect.signature(make)}, found {step.strip()!r}"
        ) from None
    wants_text = match[1] == "cast"
    if any(isinstance(a, str) != wants_text for a in arguments):
        kind = "a dtype's name" if wants_text else "integers"
        raise LayoutError(f"layout {text!r}: {match[1]} expected {kind}, found {step.strip()!r}")
    return make(*arguments)


def _argument(text: str) -> int | str:
    text = text.strip()
    return int(text) if re.fullmatch(r"-?\d+", text) else text
