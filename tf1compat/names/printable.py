"""Text as it may be printed: what controls a terminal is shown, not obeyed."""

from __future__ import annotations

import unicodedata

__all__ = ["printable"]

_KEPT = "\n\t"
_UNPRINTED = ("Cc", "Cs")  # controls; halves of characters, which no encoding takes


def printable(text: str) -> str:
    r"""Returns text whose control characters, but for line ends and tabs, are written out.

    Names and reasons come from files that others made: one with an escape sequence could clear the
    screen, or hide the line that says what is wrong.

    >>> printable("the heads\x1b[2J"), printable("naïve\nlines")
    ('the heads\\x1b[2J', 'naïve\nlines')
    """
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _UNPRINTED:
        return character
    return ascii(character)[1:-1]
