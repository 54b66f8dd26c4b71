"""Targets of what is written for a migration: layouts, vocabularies, plans."""

from __future__ import annotations

import contextlib
import json
import math

import numpy as np
from fuzz_scratch import written

from tf1compat.errors import Tf1CompatError
from tf1compat.migration import Plan
from tf1compat.migration.layouts._tokens import read_tokens
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.layouts.text import parse_layout

_SPECS = [Spec(shape, "float32") for shape in ((), (4,), (2, 3), (2, 3, 4), (1, 2, 2, 6), (16, 8))]
_SMALL = 1 << 14  # elements of a value that is made


def layouts(data: bytes) -> None:
    """A layout's text says the same layout, and what it makes is what it says it makes."""
    try:
        layout = parse_layout(data.decode("utf-8", "replace"))
    except Tf1CompatError:
        return
    assert parse_layout(str(layout)) == layout
    for spec in _SPECS:
        with contextlib.suppress(Tf1CompatError):
            for sources in ((spec, spec) if layout.joins else (spec,),):
                made = layout.spec(*sources)
                if math.prod(made.shape) < _SMALL and not layout.merges:
                    value = layout.apply(*(_value(one) for one in sources))
                    assert value.shape == made.shape
                    assert value.dtype.name == made.dtype


def _value(spec: Spec) -> np.ndarray:
    return np.arange(math.prod(spec.shape), dtype=spec.dtype).reshape(spec.shape)


def layouts_seeds() -> list[bytes]:
    from tf1compat.migration.layouts.layout import LAYOUTS

    written_forms = [
        b"identity",
        b"reshape(4, -1) | transpose(1, 0)",
        b"split(0, 0, 1) | squeeze(0)",
        b"transpose(2, 0, 1) | cast(float32)",
        b"concat(0)",
        b"pad(8)",
    ]
    given = [f"{name}({numbers})" for name in sorted(LAYOUTS) for numbers in ("", "0", "0, 1, 2")]
    return written_forms + [text.replace("()", "").encode() for text in given]


def vocabulary(data: bytes) -> None:
    """A vocabulary's tokens are its lines."""
    path = written("vocabulary.txt", data)
    with contextlib.suppress(Tf1CompatError):
        tokens = read_tokens(path)
        text = data.decode().replace("\r\n", "\n").removesuffix("\n")
        assert "\n".join(sorted(tokens.rows, key=tokens.rows.get)) == text


def vocabulary_seeds() -> list[bytes]:
    return [b"[PAD]\n[UNK]\nthe\n", b"a\r\nb\r\n", "é\nü".encode(), b"\n"]


def plan(data: bytes) -> None:
    """A plan goes through JSON unchanged, and can be asked what is wrong with it."""
    with contextlib.suppress(Tf1CompatError):
        found = Plan.from_json(data.decode("utf-8", "replace"))
        assert Plan.from_json(found.to_json()).to_json() == found.to_json()
        assert found.complete == (not found.problems)
        assert str(found)


def plan_seeds() -> list[bytes]:
    spec = {"shape": [2, 3], "dtype": "float32"}
    first = {
        "format": 1,
        "checkpoint": "m-7",
        "model": "net",
        "sources": dict.fromkeys(("a/w", "b/w", "c/w", "d/w", "e/w"), spec),
        "targets": dict.fromkeys(("a/kernel", "b/kernel", "c/kernel", "d/kernel"), spec),
        "fills": [
            {"target": "a/kernel", "sources": ["a/w"], "layout": "identity", "why": "rule r:1"}
        ],
        "drops": [{"source": "b/w", "reason": "not used [r:2]"}],
        "keeps": [{"target": "b/kernel", "reason": "from scratch [r:3]"}],
        "ambiguities": [{"sources": ["c/w"], "targets": ["c/kernel"], "evidence": "same"}],
        "unexplained": [{"name": n, "expected": "a rule", "found": "none"} for n in ("d/w", "e/w")],
        "unfilled": [{"name": "d/kernel", "expected": "a source", "found": "none", "remedy": "x"}],
    }
    empty = {key: type(value)() if key != "format" else 1 for key, value in first.items()}
    texts = [json.dumps(one) for one in (first, empty)]
    return [one.encode() for text in texts for one in (text, Plan.from_json(text).to_json())]
