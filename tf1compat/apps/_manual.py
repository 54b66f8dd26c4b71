"""The manual page: the tasks' help once more, as man reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tf1compat.apps._help import HelpText, Section, broken

__all__ = ["manual_lines"]

_TRAPS = re.compile(r"^(?=[.'])", re.MULTILINE)  # at the start of a line they are requests


def manual_lines(
    summaries: Mapping[str, str], texts: Iterable[HelpText], *, topics: Sequence[str], version: str
) -> list[str]:
    """Returns the lines of a manual page in the requests of man(7).

    Args:
      summaries: of each task, the line that says what it does.
      texts: the help of each task that has one of its own.
      topics: what ``tf1compat help`` tells besides.
      version: of the package.
    """
    lines = [
        f'.TH TF1COMPAT 1 "" "tf1compat {version}" "User Commands"',
        ".SH NAME",
        r"tf1compat \- TensorFlow\-1 checkpoints on today's TensorFlow and Keras 3",
        ".SH SYNOPSIS",
        *_command("tf1compat TASK [ARGUMENT ...] [--flag=value ...]"),
        ".PP",
        *_command("tf1compat help [TASK|" + "|".join(topics) + "]"),
        ".SH TASKS",
    ]
    for name, summary in summaries.items():
        lines += _entry(name, summary)
    for text in texts:
        lines += _task(text, summaries.get(text.task, ""))
    return lines


def _task(text: HelpText, summary: str) -> Iterator[str]:
    yield f".SH TASK {text.task.upper()}"
    yield from _command(text.usage.line(text.task))
    yield ".PP"
    yield _shown(text.usage.about or summary)
    for section in text.sections():
        yield f".SS {_shown(section.heading.capitalize())}"
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    for name, words in section.entries:
        yield from _entry(name, words)
    if section.lines:
        yield from (".nf", *map(_shown, section.lines), ".fi")


def _entry(name: str, words: str) -> list[str]:
    if name.startswith("tf1compat "):  # an example: a command is whole, or broken where shells join
        return [".PP", ".nf", *map(_shown, broken(name)), ".fi", ".RS 4", _shown(words), ".RE"]
    return [".TP", rf"\fB{_shown(name)}\fR", _shown(words)]


def _command(text: str) -> list[str]:
    return [rf"\fB{_shown(text)}\fR"]


def _shown(text: str) -> str:
    r"""Returns text of which man takes nothing for a request.

    >>> _shown(".keras files, --flag")
    '\\&.keras files, \\-\\-flag'
    """
    return _TRAPS.sub(r"\\&", text.replace("\\", r"\e").replace("-", r"\-"))
