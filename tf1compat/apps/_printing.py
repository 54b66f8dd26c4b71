"""What apps print: text that can't control a terminal, and JSON that every reader takes."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from tf1compat.apps._outlets import output
from tf1compat.errors import InLines
from tf1compat.printable import printable, printable_name

__all__ = ["complain", "complain_lines", "encodable", "failed", "say", "say_json", "say_lines"]

_LINES = 40  # of an error, at most


def say(text: object = "") -> None:
    """Prints a line on standard output; several, of :class:`InLines` or what isn't text."""
    print(_written(text, output()), file=output())


def complain(text: object) -> None:
    """Prints on standard error; as :func:`say`."""
    print(_written(text, sys.stderr), file=sys.stderr)


def say_lines(lines: Iterable[str]) -> None:
    """Prints lines on standard output, in which no name makes a line of its own."""
    say(InLines.of(lines))


def complain_lines(lines: Iterable[str]) -> None:
    """Prints lines on standard error; as :func:`say_lines`."""
    complain(InLines.of(lines))


def failed(name: str, message: str, status: int) -> int:
    """Says on standard error why a task failed; returns `status`."""
    lines = message.split("\n")
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"  ... and {len(lines) - _LINES + 1} more lines"]
    who = f"tf1compat {name}".rstrip()
    complain_lines([f"{who}: error: {lines[0]}", *lines[1:]])
    return status


def encodable(text: str, stream: TextIO) -> str:
    """Returns text with escapes for what the stream's encoding lacks."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _written(text: object, stream: TextIO) -> str:
    """Returns text as it is printed: a plain one is a line, whatever names stand in it."""
    plain = isinstance(text, str) and not isinstance(text, InLines)
    return encodable(printable_name(str(text)) if plain else printable(str(text)), stream)


def say_json(content: Any) -> None:
    """Prints JSON as RFC 8259 has it: null stands for NaN and the infinities."""
    print(json.dumps(_strict(content), indent=1, allow_nan=False), file=output())


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strict(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
