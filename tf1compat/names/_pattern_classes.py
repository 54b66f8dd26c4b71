r"""Classes of characters of a pattern, as RE2 writes those that Python's ``re`` means."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Literal

__all__ = ["Reach", "category", "character", "in_brackets"]

Reach = Literal["every", "ascii", "ascii names"]
"""Whether classes are those of Unicode, or of ASCII (and then, of texts in ASCII alone)."""

_LAST = 0x10FFFF
_MEMBER = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}\\]*\}|[0-7]{1,3}|.)|.", re.DOTALL
)
_SPACES = (
    *((0x09, 0x0D), (0x1C, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A)),
    *((0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)),
)
_ASCII = {
    "d": r"0-9",
    "D": r"\x{0}-/:-\x{7f}",
    "s": r"\x{9}-\x{d}\x{1c}-\x{20}",
    "S": r"\x{0}-\x{8}\x{e}-\x{1b}!-\x{7f}",
    "w": r"0-9A-Z_a-z",
    "W": r"\x{0}-/:-@\[-\^`\{-\x{7f}",
}


def character(code: int) -> str:
    """Returns how RE2 writes one character, in brackets and outside."""
    text = chr(code)
    return text if code < 128 and (text.isalnum() or text in "_/") else f"\\x{{{code:x}}}"


def category(letter: str, reach: Reach) -> str:
    r"""Returns the members of ``\d``, ``\D``, ``\s``, ... as RE2 writes them in brackets."""
    if reach != "every":
        # Beyond ASCII are letters that fold into it, which (?i) would let in.
        beyond = letter.isupper() and reach == "ascii"
        return _ASCII[letter] + (rf"\x{{80}}-\x{{{_LAST:x}}}" if beyond else "")
    if letter == "w":
        return r"\p{L}\p{N}_"
    if letter in "dD":
        return r"\p{Nd}" if letter == "d" else r"\P{Nd}"
    return _ranges(_SPACES if letter == "s" else _others(_SPACES if letter == "S" else _words()))


def in_brackets(token: str, code_of: Callable[[str], int], *, reach: Reach) -> str:
    """Returns how RE2 writes a class in brackets, ``[...]`` or ``[^...]``.

    Args:
      token: it, as ``re`` takes it.
      code_of: returns the code point of a character or of its escape.
      reach: of which characters words, digits and blanks are.
    """
    negated = token.startswith("[^")
    members = _MEMBER.findall(token[2 if negated else 1 : -1])
    pieces: list[str] = []
    at = 0
    while at < len(members):
        member = members[at]
        if len(member) == 2 and member[0] == "\\" and member[1] in "dDsSwW":
            pieces.append(category(member[1], reach))
        elif members[at + 1 : at + 2] == ["-"] and at + 2 < len(members):
            last = members[at + 2]
            pieces.append(f"{_member(member, code_of)}-{_member(last, code_of)}")
            at += 2
        else:
            pieces.append(_member(member, code_of))
        at += 1
    return f"[{'^' if negated else ''}{''.join(pieces)}]"


def _member(member: str, code_of: Callable[[str], int]) -> str:
    return r"\x{8}" if member == r"\b" else character(code_of(member))


def _ranges(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in ranges)


def _others(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns the ranges of all characters that aren't in `ranges`, which are in order."""
    found, begin = [], 0
    for first, last in ranges:
        if begin < first:
            found.append((begin, first - 1))
        begin = last + 1
    return [*found, (begin, _LAST)] if begin <= _LAST else found


@functools.lru_cache(maxsize=1)
def _words() -> tuple[tuple[int, int], ...]:
    """Returns the ranges of characters of words: RE2 has no complement of them in brackets."""
    every = "".join(map(chr, range(_LAST + 1)))
    return tuple((match.start(), match.end() - 1) for match in re.finditer(r"\w+", every))
