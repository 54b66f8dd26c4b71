"""Text as it may be printed: what controls a terminal, or a reader, is shown, not obeyed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

__all__ = ["joined", "printable", "printable_name"]

_KEPT = "\n\t"
# Controls; formats, which turn the direction of writing or take no room; halves of characters,
# which no encoding takes; what ends lines for some readers; what no one has a shape for.
_UNPRINTED = ("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn")


def printable(text: str) -> str:
    r"""Returns text with its controls and formats, but for line ends and tabs, written out.

    Names and reasons come from files that others made: one with an escape sequence could clear the
    screen, or hide the line that says what is wrong; one that turns the direction of writing reads
    as another.

    >>> printable("the heads\x1b[2J"), printable("naïve\nlines"), printable("a\u202eb")
    ('the heads\\x1b[2J', 'naïve\nlines', 'a\\u202eb')
    """
    if text.isprintable():
        return text
    return "".join(_shown(character, _KEPT) for character in text)


def printable_name(text: str) -> str:
    r"""Returns a name as it stands on one line: its line ends and tabs are written out too.

    >>> printable_name("conv1/w\nconv2/w: proved")
    'conv1/w\\nconv2/w: proved'
    """
    if text.isprintable():
        return text
    return "".join(_shown(character, "") for character in text)


def joined(lines: Iterable[str]) -> str:
    r"""Returns text of `lines`, in which no name makes a line of its own.

    >>> joined(["2 differ", "  a/w", "  b\nc"])
    '2 differ\n  a/w\n  b\\nc'
    """
    return "\n".join(map(printable_name, lines))


def _shown(character: str, kept: str) -> str:
    if character in kept or unicodedata.category(character) not in _UNPRINTED:
        return character
    return ascii(character)[1:-1]
