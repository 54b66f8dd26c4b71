r"""Regular expressions as Python has them, written as RE2 has them.

Both read most of it alike. What differs in meaning (``\w``, ``\s`` and ``\d`` outside ASCII,
``{,n}``, ``\Z``, brackets within brackets, ...) is written out, what RE2 can't do is refused.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator

from tf1compat.names._pattern_classes import Reach, category, character, in_brackets

__all__ = ["RefusedError", "Translated", "translated"]

_MOST = 1000  # times that RE2 repeats something counted
_DIGITS = 9  # of a count; Python makes no number of thousands
_ENDED = ("[", "(?#", "(?P<", "\\N{")  # what has an end, without which there is no pattern
_PLAIN = re.compile(r"[0-9A-Za-z_/]+")

_TOKEN = re.compile(
    r"""
      [0-9A-Za-z_/]+(?![*+?{])
    | \\(?: x[0-9a-fA-F]{2} | u[0-9a-fA-F]{4} | U[0-9a-fA-F]{8} | N\{[^}\\]*\}
        | 0[0-7]{0,2} | [1-3][0-7]{2} | [1-9][0-9]? | . )
    | \[\^?\]?(?:[^\]\\]|\\.)*\]
    | \(\?\#[^)]*\)
    | \(\?P<[^>]*> | \(\?P= | \(\?<?[=!] | \(\?[(>] | \(\?[a-zA-Z]*(?:-[a-zA-Z]+)?[:)] | \(
    | (?:[*+?] | \{[0-9]*,[0-9]*\} | \{[0-9]+\})[?+]?
    | .
    """,
    re.DOTALL | re.VERBOSE,
)
_COUNTS = re.compile(r"\{([0-9]*)(?:(,)([0-9]*))?\}([?+]?)")
_FLAGS = re.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])")
_ESCAPES = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_CONTROL = "*+?{"
_SKIPPED = " \t\n\r\v\f#"  # in `(?x)`: of blanks those of ASCII alone

_LOOK = (
    "match the whole name and capture what is needed; names that are to be left out take a rule "
    "of their own above"
)
_UNKNOWN = {  # by how a token begins: what it is, and what to write instead
    "(?=": ("a look-ahead", _LOOK),
    "(?!": ("a look-ahead", _LOOK),
    "(?<=": ("a look-behind", _LOOK),
    "(?<!": ("a look-behind", _LOOK),
    "(?P=": ("a back-reference", "write the alternatives out, one for each text"),
    "(?(": ("a condition", "write both cases as alternatives, yes|no"),
    "(?>": ("an atomic group", "write (?:...): patterns take linear time without it"),
}


class RefusedError(ValueError):
    """What a pattern has and RE2 hasn't.

    Attributes:
      found: it, and where it stands.
      remedy: what to write instead.
    """

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(found)
        self.found = found
        self.remedy = remedy


@dataclasses.dataclass(frozen=True)
class Translated:
    r"""A pattern as RE2 reads it.

    Attributes:
      text: it.
      boundary: the first ``\b`` or ``\B`` in it, whose words RE2 takes for ASCII; or "".
    """

    text: str
    boundary: str


def translated(pattern: str, *, ascii_text: bool) -> Translated:
    """Returns `pattern` as RE2 reads it.

    Args:
      pattern: one that ``re`` takes, or may take: what it doesn't comes out as it will.
      ascii_text: whether it is for names in ASCII alone, for which classes are far smaller.

    Raises:
      RefusedError: it has what RE2 hasn't.
    """
    pieces: list[str] = []
    boundary = ""
    scopes = [_Scope("ascii names" if ascii_text else "every", verbose=False, cased=True)]
    for at, token in _tokens(pattern, scopes):
        scope = scopes[-1]
        if _PLAIN.fullmatch(token):
            pieces.append(token)
        elif token[0] == "(":
            pieces.append(_opened(token, at, scopes))
        elif token == ")":
            pieces.append(token)
            if len(scopes) > 1:
                scopes.pop()
        elif token[0] in _CONTROL and (len(token) > 1 or token != "{"):
            pieces.append(_repeat(token, at))
        elif token[0] == "[" and len(token) > 1:
            pieces.append(in_brackets(token, _code, reach=scope.reach))
        elif token in ("\\b", "\\B"):
            boundary = boundary or token
            pieces.append(token)
        else:
            pieces.append(token if token in "^$.|" else _single(token, at, scope))
    return Translated("".join(pieces), boundary)


@dataclasses.dataclass(frozen=True)
class _Scope:
    """What flags say within a group."""

    reach: Reach
    verbose: bool
    cased: bool


def _tokens(pattern: str, scopes: list[_Scope]) -> Iterator[tuple[int, str]]:
    """Yields each token and where it begins, without the blanks and comments of ``(?x)``."""
    at = 0
    while at < len(pattern):
        if scopes[-1].verbose and pattern[at] in _SKIPPED:
            end = pattern.find("\n", at) if pattern[at] == "#" else at
            at = len(pattern) if end < 0 else end + 1
            continue
        match = _TOKEN.match(pattern, at)
        token = match[0] if match else pattern[at]
        if (
            token[0] in "[(\\"
            and len(token) < 3
            and any(pattern.startswith(one, at) for one in _ENDED)
        ):
            return  # it never ends, as `re` will say: each further one would be looked for in vain
        yield at, token
        at += len(token)


def _opened(token: str, at: int, scopes: list[_Scope]) -> str:
    """Returns how RE2 writes a group's beginning, whose flags join `scopes`."""
    if token.startswith("(?#"):
        return ""
    for start, (what, remedy) in _UNKNOWN.items():
        if token == start:
            raise RefusedError(f"{what}, {token} at character {at + 1}", remedy)
    scope = scopes[-1]
    flags = _FLAGS.fullmatch(token)
    if flags is None:
        scopes.append(scope)
        return "("
    on, off = flags[1], flags[2] or ""
    reach: Reach = "ascii" if "a" in on else scope.reach
    within = _Scope(
        reach,
        verbose=(scope.verbose or "x" in on) and "x" not in off,
        cased=(scope.cased or "i" in off) and "i" not in on,
    )
    if reach == "ascii" and not within.cased:
        raise RefusedError(
            f"the flags a and i together, {token} at character {at + 1}", "leave out the a"
        )
    kept = "".join(c for c in on if c in "ims"), "".join(c for c in off if c in "ims")
    written = kept[0] + (f"-{kept[1]}" if kept[1] else "")
    if flags[3] == ")":
        if at:
            raise RefusedError(
                f"flags, {token} at character {at + 1}", "put them at the very beginning"
            )
        scopes[-1] = within
        return f"(?{written})" if written else ""
    scopes.append(within)
    return f"(?{written}:"


def _repeat(token: str, at: int) -> str:
    if token[-1] == "+" and len(token) > 1:
        raise RefusedError(
            f"a possessive repeat, {token} at character {at + 1}",
            f"write {token[:-1]}: patterns take linear time without it",
        )
    counts = _COUNTS.fullmatch(token)
    if counts is None:
        return token
    least, comma, most, lazy = counts.groups()
    if not (least or most):  # `{,}`
        return f"*{lazy}"
    if any(len(one or "") > _DIGITS or int(one or 0) > _MOST for one in (least, most)):
        raise RefusedError(
            f"a repeat of more than {_MOST:,} times, {token} at character {at + 1}",
            "write * or +",
        )
    return f"{{{int(least or 0)}{comma or ''}{int(most) if most else ''}}}{lazy}"


def _single(token: str, at: int, scope: _Scope) -> str:
    """Returns how RE2 writes one character, or one of a class, or the end."""
    if token == "\\A":
        return token
    if token == "\\Z":
        return "\\z"
    if token[0] == "\\" and token[1:] in ("d", "D", "s", "S", "w", "W"):
        return f"[{category(token[1], scope.reach)}]"
    if token[0] == "\\" and token[1:].isdecimal() and token[1] != "0" and len(token) < 4:
        raise RefusedError(
            f"a back-reference, {token} at character {at + 1}",
            "write the alternatives out, one for each text",
        )
    return character(_code(token))


def _code(token: str) -> int:
    """Returns the code point of a character or of its escape."""
    if token[0] != "\\" or len(token) == 1:
        return ord(token)
    kind, rest = token[1], token[2:]
    if kind in "xuU" and rest:
        return int(rest, 16)
    if kind == "N" and rest:
        try:
            return ord(unicodedata.lookup(rest[1:-1]))
        except (KeyError, TypeError) as error:
            raise RefusedError(
                f"an unknown character, {token}", "write the character itself"
            ) from error
    if kind in "01234567" and token[1:].isdecimal():
        return int(token[1:], 8)
    return _ESCAPES.get(kind, ord(kind))
