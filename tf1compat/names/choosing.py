r"""What choosing things by name takes, of whatever they are: patterns, and words that there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tf1compat.errors import UsageError
from tf1compat.names.nearest import nearest_names
from tf1compat.names.patterns import Pattern, PatternError, compile_pattern

__all__ = ["glob_pattern", "pattern_of", "require_known", "require_some", "require_texts"]


def glob_pattern(pattern: str) -> str:
    """Returns the regex of a glob whose ``*`` and ``?`` stay in a component; ``**`` crosses."""
    pieces = ["(?s)"]
    for token in re.findall(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|.", pattern, re.DOTALL):
        if token == "**/":
            pieces.append("(?:.*/)?")
        elif token == "**":
            pieces.append(".*")
        elif token in "*?":
            pieces.append("[^/]*" if token == "*" else "[^/]")
        elif token.startswith("[") and len(token) > 2:
            inside = token[1:-1].replace("\\", r"\\")
            pieces.append(f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]")
        else:
            pieces.append(re.escape(token))
    return "".join(pieces)


def pattern_of(method: str, given: str, pattern: str) -> Pattern:
    """Returns `pattern`, ready to match; errors say that `method` was `given` what it is made of.

    Raises:
      UsageError: it can't be used.
    """
    try:
        return compile_pattern(pattern)
    except PatternError as error:
        raise UsageError(f"{method} {given[:120]!r}: {error}") from error


def require_some(given: Sequence[Any], what: str) -> None:
    """Raises UsageError where nothing was given."""
    if not given:
        raise UsageError(f"expected {what}, found no argument")


def require_texts(given: Sequence[Any], what: str) -> None:
    """Raises UsageError where nothing was given, or what is no string."""
    require_some(given, what)
    for value in given:
        if not isinstance(value, str):
            raise UsageError(f"expected {what} (a string), found {value!r}")


def require_known(given: Sequence[str], known: Sequence[str], what: str) -> None:
    """Raises UsageError where something is given that isn't among the words that there are."""
    require_texts(given, f"a {what}")
    for value in given:
        if value not in known:
            near = ", ".join(nearest_names(value, known))
            raise UsageError(f"{what} {value!r}: expected one of {known}; nearest: {near}")
