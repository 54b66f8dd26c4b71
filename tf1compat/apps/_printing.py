"""What apps print: text that can't control a terminal, and JSON that every reader takes."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from tf1compat.apps._outlets import output
from tf1compat.errors import InLines
from tf1compat.printable import printable, printable_name

__all__ = [
    "complain",
    "complain_lines",
    "encodable",
    "error_line",
    "failed",
    "json_head",
    "say",
    "say_json",
    "say_lines",
]

_LINES = 40  # of an error, at most
_ALARMS = re.compile(r"(?<=: )error(?=: )|^(damaged|!)(?=:? )", re.MULTILINE)


def say(text: object = "") -> None:
    """Prints a line on standard output; several, of :class:`InLines` or what isn't text."""
    print(_written(text, output()), file=output())


def complain(text: object) -> None:
    """Prints on standard error; as :func:`say`, with colour for what needs attention."""
    print(_coloured(_written(text, sys.stderr), sys.stderr), file=sys.stderr)


def say_lines(lines: Iterable[str]) -> None:
    """Prints lines on standard output, in which no name makes a line of its own; none of none."""
    if text := list(lines):
        say(InLines.of(text))


def complain_lines(lines: Iterable[str]) -> None:
    """Prints lines on standard error; as :func:`say_lines`."""
    if text := list(lines):
        complain(InLines.of(text))


def error_line(name: str, message: str, *, code: str = "") -> str:
    """Returns the line that says what is wrong, and the code by which help has more of it.

    >>> print(error_line("plan", "2 files are gone:", code="TF1C017"))
    tf1compat plan: error: 2 files are gone (TF1C017):
    """
    who = f"tf1compat {name}".rstrip()
    end = ":" if code and message.endswith(":") else ""
    marked = f"{message.removesuffix(end)} ({code}){end}" if code else message
    return f"{who}: error: {marked}"


def failed(name: str, message: str, *, status: int, code: str = "") -> int:
    """Says on standard error why a task failed, and the error's code; returns `status`."""
    lines = message.split("\n")
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"  ... and {len(lines) - _LINES + 1} more lines"]
    complain_lines([error_line(name, lines[0], code=code), *lines[1:]])
    return status


def encodable(text: str, stream: TextIO) -> str:
    """Returns text with escapes for what the stream's encoding lacks."""
    if text.isascii():  # nearly all is, of a table's hundreds of thousands of cells
        return text
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _written(text: object, stream: TextIO) -> str:
    """Returns text as it is printed: a plain one is a line, whatever names stand in it."""
    plain = isinstance(text, str) and not isinstance(text, InLines)
    return encodable(printable_name(str(text)) if plain else printable(str(text)), stream)


def json_head(task: str, version: int) -> dict[str, Any]:
    """Returns what every task's JSON begins with; ``docs/json.md`` says what follows.

    Args:
      task: the task.
      version: of its form, which changes where a key goes or means something else.
    """
    return {"format": version, "task": task}


def _coloured(text: str, stream: TextIO) -> str:
    """Returns text with what begins an error in red, where there are colours."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return text if plain or not stream.isatty() else _ALARMS.sub("\x1b[1;31m\\g<0>\x1b[0m", text)


def say_json(content: Any) -> None:
    """Prints JSON as RFC 8259 has it: null stands for NaN and the infinities."""
    print(json.dumps(_strict(content), indent=1, allow_nan=False), file=output())


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strict(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
