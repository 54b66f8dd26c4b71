"""JSON that others wrote, parsed within a budget of values and digits, and to a depth."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable
from typing import Any

from tf1compat.budget import Budget, Meter
from tf1compat.files.positioned import RegularFile

__all__ = ["json_bytes", "parse_json"]

_WHOLE = Meter("bytes of a file of JSON", each=0, least=256 << 20)
_TEXT = Meter("bytes of JSON", each=1, least=64 << 20)
_VALUES = Meter("values of JSON", each=1 / 10, least=500_000)
_DIGITS = Meter("digits of a number", each=0, least=1000)

_DEEPEST = 200  # levels: what walks through a value goes down with them, whatever the budget
_WINDOW = 1 << 20  # bytes
_WIDE = 4  # bytes of memory for each character of a text in which one character is rare
_BRACKETS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_OTHERS = bytes(code for code in range(256) if code not in _BRACKETS)
_BEYOND_A_BYTE = re.compile(rb"\\u(?!00)")
_LONG_NUMBER = re.compile(rb"(?<![0-9])[0-9]{1001,}")


def _strict(constant: str) -> float:
    raise ValueError(f"expected numbers that JSON has, found {constant}")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"expected a number that float64 holds, found {text[:40]}")
    return value


def json_bytes(file: RegularFile) -> bytes:
    """Returns what a file of JSON holds, which is held in memory: it may say that it is endless.

    Raises:
      BudgetError: it is too large for any such file.
      CorruptCheckpointError: it can't be read.
    """
    Budget(file.path, file.size).admit(_WHOLE, file.size)
    return bytes(file.read(0, file.size))


def parse_json(
    text: str | bytes,
    *,
    file: str,
    constant: Callable[[str], float] = _strict,
    members: Callable[[list[tuple[str, Any]]], Any] = dict,
) -> Any:
    """Returns the value that a JSON text holds.

    What it takes is looked at before it is made: a few bytes of JSON can stand for a hundred times
    as many of Python's, Python's parser and all that walks through values go down level by level,
    and a number takes time by the square of its digits.

    Args:
      text: of JSON; bytes are UTF-8.
      file: what errors call it, a path where it is a file's.
      constant: returns what NaN, Infinity and -Infinity stand for, which aren't JSON but which
        Python's own ``json.dumps`` writes: ``float`` for texts of programs that do so.
      members: returns an object, of its members in their order; ``dict`` takes the last of a key.

    >>> parse_json('{"a": [1, 2.5]}', file="plan.json")
    {'a': [1, 2.5]}

    Raises:
      BudgetError: it takes more than a text of its size warrants.
      ValueError: it is no JSON, or nested more than 200 levels deep.
    """
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    budget = Budget(file, len(data))
    wide = not data.isascii() or _BEYOND_A_BYTE.search(data) is not None
    budget.admit(_TEXT, len(data) * (_WIDE if wide else 1))
    _admit_structure(data, budget)
    try:
        return json.loads(
            text if isinstance(text, str) else data.decode("utf-8"),
            parse_constant=constant,
            object_pairs_hook=None if members is dict else members,
            parse_float=_finite if constant is _strict else float,
        )
    except RecursionError as error:  # deep in a program
        raise ValueError("it is nested too deeply") from error


def _admit_structure(data: bytes, budget: Budget) -> None:
    """Looks at what stands between the strings."""
    budget.admit(_VALUES, data.count(b'"') // 4)  # a string and its key, or two strings
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in data else data
    level = inside = 0
    for start in range(0, len(plain), _WINDOW):
        pieces = plain[start : start + _WINDOW].split(b'"')
        between = b'"'.join(pieces[inside::2])
        inside = (inside + len(pieces) - 1) % 2
        budget.spend(_VALUES, sum(map(between.count, (b"[", b"{", b",", b":"))))
        level = _level_after(between, level)
        for number in _LONG_NUMBER.finditer(between):
            budget.admit(_DIGITS, len(number[0]))


def _level_after(between: bytes, level: int) -> int:
    """Returns the level at the end of a text without strings; its deepest is looked at."""
    steps = map(_BRACKETS.__getitem__, between.translate(None, _OTHERS))
    levels = list(itertools.accumulate(steps, initial=level))
    if max(levels) > _DEEPEST:
        raise ValueError(f"maximum depth of {_DEEPEST} levels exceeded")
    return levels[-1]
