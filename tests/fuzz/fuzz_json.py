"""Target of JSON, which is looked at before Python's own parser sees it."""

from __future__ import annotations

import contextlib
import json
import math
import re
from typing import Any

from tf1compat.errors import BudgetError
from tf1compat.files.json_text import parse_json

_DEEPEST = 200
_LONG = re.compile(r"[0-9]{1001}")


def json_text(data: bytes) -> None:
    """What is held is what Python's parser finds; what isn't taken, that doesn't take either.

    But for what is too deep, too long, or no number of JSON.
    """
    text = data.decode("utf-8", "replace")
    try:
        found = parse_json(text, file="fuzzed")
    except (ValueError, BudgetError):
        assert not _taken(text), "it is sound and refused"
        return
    assert repr(found) == repr(json.loads(text))
    with contextlib.suppress(UnicodeDecodeError):
        assert text.encode() != data or repr(parse_json(data, file="fuzzed")) == repr(found)
    lenient = parse_json(text, file="fuzzed", constant=float)
    assert repr(lenient) == repr(found)


def _taken(text: str) -> bool:
    """Tells whether Python's parser takes a text that has nothing too large."""
    try:
        value = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return False
    return not _LONG.search(text) and _sound(value, 0)


def _refused(constant: str) -> float:
    raise ValueError(constant)


def _sound(value: Any, level: int) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return level < _DEEPEST and all(_sound(one, level + 1) for one in inner)
    return True


def json_text_seeds() -> list[bytes]:
    return [
        b'{"a": [1, 2.5, "x\\"]{\\\\", null, true], "b": {"c": "\\u00e9\\ud83d\\ude00"}}',
        '["é", "\\\\", "\\"", {}, [], [[[[]]]], -1.5e+300, 0]'.encode(),
        b'"\\\\\\"["',
        b"[" * 199 + b"]" * 199,
        b"[" * 201 + b"]" * 201,
        b"9" * 1000,
        b"[1e999, NaN, Infinity]",
    ]
