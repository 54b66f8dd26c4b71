"""A look at rules in TOML without its parser: what that would take, and where each rule stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tf1compat.budget import Budget, Meter

__all__ = ["admit_keys", "rule_lines"]

# What TOML's parser keeps of each key is a hundred times as long as the shortest of them.
_KEYS = Meter("keys, brackets and commas", each=1 / 8, least=100_000)
_DIGITS = Meter("digits of a number", each=0, least=1000)
_PARTS = Meter("parts of a key", each=0, least=8)  # it takes time and memory by their square
# Of a text without escaped quotes. Strings and comments are skipped as wholes, so that a brace
# within one isn't taken for a rule.
_TOML_TOKEN = re.compile(
    r"'''.*?'{3,5}|\"\"\".*?\"{3,5}|'[^'\n]*'|\"[^\"\n]*\"|#[^\n]*"
    r"|^[ \t]*\[\[[ \t]*rules[ \t]*\]\]|[\[\]{}]",
    re.DOTALL | re.MULTILINE,
)
_KEY_OR_VALUE = re.compile(r"[^][{}=,\n]+")
# Of a number in hexadecimal, letters are digits, too; no bare key is that long.
_LONG_NUMBER = re.compile(r"(?<![0-9A-Fa-f_])[0-9A-Fa-f_]{1001,}")


def admit_keys(text: str, origin: str) -> None:
    """Raises BudgetError for a text of which TOML's parser would make too much."""
    budget = Budget(origin, len(text))
    bare = _TOML_TOKEN.sub(_without_content, _without_escapes(text))
    budget.admit(_KEYS, sum(map(bare.count, "=[{,")))
    for found in _KEY_OR_VALUE.finditer(bare):
        budget.admit(_PARTS, found[0].count(".") + 1)
    for number in _LONG_NUMBER.finditer(bare):
        budget.admit(_DIGITS, len(number[0]))


def _without_escapes(text: str) -> str:
    """Returns a text in which every double quote begins or ends a string, in the same lines."""
    return text.replace("\\\\", "").replace('\\"', "")


def _without_content(token: re.Match[str]) -> str:
    return {"'": "s", '"': "s", "#": ""}.get(token[0][0], token[0])


def rule_lines(text: str) -> Iterator[int]:
    """Yields the line (from 1) of each element of the array of rules."""
    depth, line, end = 0, 1, 0
    text = _without_escapes(text)
    for match in _TOML_TOKEN.finditer(text):
        token = match[0].strip()
        line += text.count("\n", end, match.end())
        end = match.end()
        opens = token == "{" and depth == 1
        if opens or token.startswith("[["):
            yield line
        elif token in ("[", "]"):
            depth += 1 if token == "[" else -1
        if token in ("{", "}"):
            depth += 1 if token == "{" else -1
