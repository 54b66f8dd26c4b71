"""What readings answer, checked: they may come from outside the package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tf1compat.checkpoint import Entry
from tf1compat.errors import LayoutError, UsageError
from tf1compat.migration.layouts.answers import made_of
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.meaning import Part, Question, Reading, Source
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.parts import uncovered_sources
from tf1compat.migration.planning.specs import source_spec
from tf1compat.names.reasons import Reason
from tf1compat.registry import are_texts, asked, briefly

__all__ = ["read_by"]


def read_by(reading: Reading, source: Source) -> list[Part | Question]:
    """Returns what a reading makes of variables.

    Raises:
      UsageError: it makes up variables, reasons or shapes, or leaves a part of a variable behind.
    """
    whose = f"reading {reading.name!r}"
    found: list[Part | Question] = asked(
        whose,
        "read",
        call=lambda: list(reading.read(source)),
        words="parts and questions, one after the other,",
    )
    parts: dict[str, Part] = {}
    for one in found:
        problem = next(_problems(one, reading, source.entries, parts), "")
        if problem:
            raise UsageError(f"{whose}: {problem}")
        if isinstance(one, Part):
            parts[one.path] = one
    specs = {
        name: source_spec(source.entries[name]) for part in parts.values() for name in part.sources
    }
    fills = [Fill(part.path, part.sources, part.layout, (part.because,)) for part in parts.values()]
    for uncovered in uncovered_sources(fills, (), specs):
        raise UsageError(
            f"{whose}: {uncovered.name}: expected {uncovered.expected}, found {uncovered.found}"
        )
    return found


def _problems(
    one: Any, reading: Reading, entries: Mapping[str, Entry], others: Mapping[str, Part]
) -> Iterator[str]:
    """Yields what is wrong with a part or a question; the first problem may bring the others."""
    if not isinstance(one, (Part, Question)):
        yield f"expected a Part or a Question, found {briefly(one)}"
    sources = one.sources
    if not isinstance(sources, tuple) or not sources or not are_texts(sources):
        yield f"expected sources, a tuple of names, found {briefly(sources)}"
    if unknown := [name for name in sources if name not in entries]:
        yield f"expected variables that it was given, found {', '.join(unknown)}"
    if isinstance(one, Question):
        if not isinstance(one.asks, str):
            yield f"expected what it asks, a text, found {briefly(one.asks)}"
        return
    if not are_texts((one.path, one.module, one.role, one.layout, one.layer)):
        yield f"expected path, module, role, layout and layer, texts, found {briefly(one)}"
    if one.path in others:
        yield f"expected a path of its own for each part, found {one.path} twice"
    if not isinstance(one.because, Reason) or one.because.kind not in reading.kinds:
        yield f"expected a reason of one of its kinds, found {briefly(one.because)}"
    yield from _misshapen(one, entries)


def _misshapen(part: Part, entries: Mapping[str, Entry]) -> Iterator[str]:
    given = [source_spec(entries[name]) for name in part.sources]
    wanted = f"expected a layout that makes the shape {briefly(part.shape)} of {part.path}"
    try:
        made = made_of(parse_layout(part.layout), given)
    except LayoutError as error:
        yield f"{wanted}, found {error}"
        return
    if made != Spec(part.shape, made.dtype):
        yield f"{wanted}, found that {part.layout} makes {made}"
