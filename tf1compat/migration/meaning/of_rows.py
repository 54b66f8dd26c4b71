"""Variables with a row for each of several layers, as the graph takes them apart."""

from __future__ import annotations

from collections.abc import Iterator

from tf1compat.checkpoint import Entry
from tf1compat.migration.matching import Item
from tf1compat.migration.matching.shapes import same_elements
from tf1compat.migration.meaning._numbered_scopes import numbered_within
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.parse import scopes_around
from tf1compat.names.reasons import Kind

__all__ = ["Rows"]

_BY_GRAPH = Kind("rows_graph", "the graph uses each of the {count} rows of {variable} by itself")
_ONE_EACH = "as many layers with a weight each"


class Rows(Reading):
    """Told by the graph alone, which uses nothing of such a variable but one row here or there."""

    name = "rows"
    kinds = (_BY_GRAPH,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        wanted = {(item.role, item.shape) for item in source.targets.values()}
        for name, scopes in (source.uses.rows if source.uses else {}).items():
            entry = source.entries.get(name)
            if entry is None or entry.shape[:1] != (len(scopes),):
                continue
            row = sum(_fits(entry, entry.shape[1:], item) for item in source.targets.values())
            # A model that keeps all rows in one weight has it as it stands.
            whole = (entry.name.role, entry.shape)
            if row >= len(scopes) and whole not in wanted:
                yield from _parts(entry, _places(source, entry, scopes))


def _fits(entry: Entry, shape: tuple[int, ...], item: Item) -> bool:
    roles = {entry.name.role, item.role}
    return same_elements(shape, item.shape) and (len(roles) == 1 or "unknown" in roles)


def _places(source: Source, entry: Entry, scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Returns for each row the scope of the layer that uses it, as other variables have it."""
    known = {around for scope in source.by_scope for around in (scope, *scopes_around(scope))}
    count = len(scopes)
    if known.issuperset(scopes) and len({*scopes}) == count:
        return scopes
    # 1.x calls the ops of a scope that is opened again by another name than its variables.
    beside = numbered_within(source.by_scope, entry.name.scope, count)
    return beside or tuple(f"{entry.name.scope}_{number}".lstrip("_") for number in range(count))


def _parts(entry: Entry, places: tuple[str, ...]) -> Iterator[Part]:
    because = _BY_GRAPH.because(count=len(places), variable=entry.key)
    for number, module in enumerate(places):
        yield Part(
            f"{module}/{entry.name.leaf}",
            module,
            entry.name.role,
            entry.shape[1:],
            (entry.key,),
            f"split(0, {number}, {number + 1}) | squeeze(0)",
            _ONE_EACH,
            because,
        )
