"""Which of many patterns may match a name: those whose plain text is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tf1compat.names.rules import Rule

__all__ = ["Prefilter", "needed_text"]

_FEW = 32  # rules that are as quickly tried in turn
_LONGEST = 12  # characters that are looked up, from the end of a text, where its number is
_PIECE = re.compile(
    r"(?P<plain>[^\\\[\](){}.*+?^$|]|\\[^\w\s])"
    r"|(?P<any>\\[dDwWsSbB]|\.|\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<maybe>[*?]|\{[0-9]*(?:,[0-9]*)?\})"
    r"|(?P<once>\+)"
    r"|(?P<open>\((?:\?:|\?P<\w+>|(?!\?)))"
    r"|(?P<close>\))",
    re.DOTALL,
)


def needed_text(pattern: str) -> str:
    r"""Returns the longest plain text that every name has that a pattern matches; "" if none.

    It is what stands outside of groups and isn't repeated; where a pattern has anything less usual
    (flags, alternatives outside of groups, anchors, other escapes), nothing is said.

    >>> needed_text(r"(.*)/block_1/conv\d*/w"), needed_text("(?i)conv/w")
    ('/block_1/conv', '')
    """
    runs, depth, at = [""], 0, 0
    while at < len(pattern):
        piece = _PIECE.match(pattern, at)
        if piece is None and not (depth and pattern[at] == "|"):
            return ""
        kind = "any" if piece is None else str(piece.lastgroup)
        at = at + 1 if piece is None else piece.end()
        depth += {"open": 1, "close": -1}.get(kind, 0)
        if depth or kind == "close":
            runs.append("")
        elif kind == "plain" and piece is not None:
            runs[-1] += piece[0][-1]
        elif kind == "maybe":
            runs[-1:] = [runs[-1][:-1], ""]
        else:
            runs.append("")
    return max(runs, key=len)


class Prefilter:
    """Rules with patterns, of which a name is given those that may say something about it.

    Thousands of rules, each with a number of its own, aren't tried on each of thousands of names.
    """

    def __init__(self, rules: Iterable[tuple[int, Rule]]) -> None:
        """Takes rules by their numbers, in order."""
        self._always: list[tuple[int, Rule]] = []
        self._by_text: dict[str, list[tuple[int, Rule]]] = {}
        given = list(rules)
        for number, rule in given:
            text = needed_text(rule.pattern)[-_LONGEST:] if len(given) > _FEW else ""
            home = self._by_text.setdefault(text, []) if text else self._always
            home.append((number, rule))
        self._lengths = sorted({len(text) for text in self._by_text})

    def candidates(self, name: str) -> Sequence[tuple[int, Rule]]:
        """Returns the rules whose text is in `name`, or that have none, in order."""
        if not self._by_text:
            return self._always
        found = dict(self._always)
        for length in self._lengths:
            for start in range(len(name) - length + 1):
                found.update(self._by_text.get(name[start : start + length], ()))
        return sorted(found.items())
