"""Targets of rules: text with references to the groups of the rule's pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Template", "TemplateError", "escape_template"]

# A zero first, or three octal digits, are a character's code to `re`, and no group to anybody.
_TOKEN = re.compile(r"\\(?:(0[0-7]{0,2}|[0-7]{3}|[0-9]{1,2})|g<([^>\\]*)>|(.?))", re.DOTALL)
_DIGITS = 9  # of a group's number
_REFERENCES = 100  # of a template
_LONGEST, _TIMES = 4096, 4  # characters of what it makes, and of how many times as long a name


class TemplateError(ValueError):
    """A template that refers to what its pattern doesn't have.

    Attributes:
      expected: what would have been right there.
      found: the text at fault.
    """

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


class _Grouped(Protocol):
    """A pattern, whichever engine matches it."""

    @property
    def groups(self) -> int: ...
    @property
    def groupindex(self) -> Mapping[str, int]: ...


class _Matched(Protocol):
    """A match of one."""

    @property
    def string(self) -> str: ...
    def __getitem__(self, group: int, /) -> Any: ...


class Template:
    r"""A target with ``\1``, ``\g<1>`` or ``\g<name>`` for groups, and ``\\`` for a backslash.

    Unlike ``re.Match.expand``, every reference is checked before anything is matched, and a group
    that took no part in a match stands for the empty string.
    """

    def __init__(self, text: str, pattern: _Grouped) -> None:
        r"""Reads `text` against `pattern`'s groups; raises TemplateError for a bad reference.

        >>> Template(r"\2/\1", re.compile("(a+)(b*)")).expand(re.fullmatch("(a+)(b*)", "aab"))
        'b/aa'
        """
        self.text = text
        self._pieces: list[str | int] = []
        end = 0
        for match in _TOKEN.finditer(text):
            self._pieces += [text[end : match.start()], _piece(match, pattern)]
            end = match.end()
        self._pieces.append(text[end:])
        count = sum(isinstance(piece, int) for piece in self._pieces)
        if count > _REFERENCES:
            raise TemplateError(f"at most {_REFERENCES} references to groups", f"{count:,}")

    def expand(self, match: _Matched) -> str:
        """Returns the text with the groups of `match` in place of the references.

        Raises:
          TemplateError: it would be far longer than any name; a few bytes can stand for gigabytes.
        """
        texts = [piece if isinstance(piece, str) else match[piece] or "" for piece in self._pieces]
        length = sum(map(len, texts))
        allowed = max(_LONGEST, len(self.text) + _TIMES * len(match.string))
        if length > allowed:
            raise TemplateError(f"a name of at most {allowed:,} characters", f"{length:,}")
        return "".join(texts)


def _piece(token: re.Match[str], pattern: _Grouped) -> str | int:
    """Returns what a backslash in a template stands for: a group's number or plain text."""
    number, name, other = token.groups()
    if other == "\\":
        return "\\"
    if other is not None:
        raise TemplateError(r"\1, \g<name> or \\ after a backslash", repr(token[0]))
    if name is not None and not name.isdecimal():
        if name in pattern.groupindex:
            return pattern.groupindex[name]
        known = ", ".join(sorted(pattern.groupindex)) or "no named group"
        raise TemplateError(f"a named group of the pattern ({known})", repr(token[0]))
    digits = number or name or ""
    if number and (number[0] == "0" or len(number) > 2):
        hint = r" (\g<0> is the whole name, \g<1>0 the first group and a digit)"
        raise TemplateError(f"a group from 1 to {pattern.groups}{hint}", repr(token[0]))
    if len(digits) > _DIGITS or int(digits) > pattern.groups:
        raise TemplateError(f"a group from 1 to {pattern.groups}", repr(token[0][:40]))
    return int(digits)


def escape_template(text: str) -> str:
    r"""Returns a template that expands to `text` itself.

    >>> escape_template("a\\b")
    'a\\\\b'
    """
    return text.replace("\\", "\\\\")
