"""Variables with a row for each of several layers, as the graph takes them apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.graph_uses import Row
from tf1compat.migration.matching import Item
from tf1compat.migration.matching.shapes import same_elements
from tf1compat.migration.meaning._numbered_scopes import numbered_within
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.parse import COUNTER, scopes_around
from tf1compat.names.reasons import Kind

__all__ = ["Rows"]

_BY_GRAPH = Kind("rows_graph", "the graph uses each of the {count} rows of {variable} by itself")
_AGAIN = re.compile(rf"{COUNTER}\Z")
_ONE_EACH = "as many layers with a weight each"


class Rows(Reading):
    """Told by the graph alone, which uses nothing of such a variable but one row here or there."""

    name = "rows"
    kinds = (_BY_GRAPH,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        wanted = {(item.role, item.shape) for item in source.targets.values()}
        for name, rows in (source.uses.rows if source.uses else {}).items():
            entry = source.entries.get(name)
            if entry is None or entry.shape[:1] != (len(rows),):
                continue
            row = sum(_fits(entry, entry.shape[1:], item) for item in source.targets.values())
            # A model that keeps all rows in one weight has it as it stands.
            whole = (entry.name.role, entry.shape)
            if row >= len(rows) and whole not in wanted:
                yield from _parts(entry, rows, _modules(source, entry, rows))


def _fits(entry: Entry, shape: tuple[int, ...], item: Item) -> bool:
    roles = {entry.name.role, item.role}
    same = same_elements(shape, item.shape) or same_elements(shape, item.shape[::-1])
    return same and (len(roles) == 1 or "unknown" in roles)


def _modules(source: Source, entry: Entry, rows: tuple[Row, ...]) -> list[str]:
    """Returns for each row the scope of the layer that uses it, as other variables have it.

    Where scopes don't tell, layers are numbered in the order in which the graph uses the rows.
    """
    known = {around for scope in source.by_scope for around in (scope, *scopes_around(scope))}
    scopes = [_opened(row.scope, known) for row in rows]
    if "" not in scopes and len({*scopes}) == len(rows):
        return scopes
    beside = numbered_within(source.by_scope, entry.name.scope, len(rows))
    in_order = beside or [f"{entry.name.scope}/row_{n}".lstrip("/") for n in range(len(rows))]
    return [in_order[row.place] for row in rows]


def _opened(scope: str, known: Collection[str]) -> str:
    """Returns the scope of variables that a scope of ops is; "" if none is known to be.

    A scope that is opened again has ops in ``layer_0_1``, say, and variables in ``layer_0``.
    """
    found = ""
    for level in scope.split("/"):
        within = f"{found}/{level}".lstrip("/")
        bare = _AGAIN.sub("", within)
        found = within if within in known else bare
        if found not in known:
            return ""
    return found


def _parts(entry: Entry, rows: tuple[Row, ...], modules: Sequence[str]) -> Iterator[Part]:
    because = _BY_GRAPH.because(count=len(rows), variable=entry.key)
    for number, (row, module) in enumerate(zip(rows, modules, strict=True)):
        taken = f"split(0, {number}, {number + 1})"
        yield Part(
            f"{module}/{entry.name.leaf}",
            module,
            entry.name.role,
            (1, *entry.shape[1:]) if row.keeps_axis else entry.shape[1:],
            (entry.key,),
            taken if row.keeps_axis else f"{taken} | squeeze(0)",
            _ONE_EACH,
            because,
            row.name,
        )
