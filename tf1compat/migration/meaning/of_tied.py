"""A table that is also the kernel of the scores over its rows: one variable, two weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tf1compat.checkpoint import Entry
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["Tied"]

_TIED = Kind("tied", "the graph looks {table} up and multiplies by it in {scope}: shared by both")
_LAYER = "a table, and a kernel of scores over its rows"


class Tied(Reading):
    """Told by the graph, for a model that has a weight for each and no other source for either.

    In Keras a kernel is multiplied by as it stands, so it is the table transposed.
    """

    name = "tied"
    kinds = (_TIED,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        tied = source.uses.tied if source.uses is not None else {}
        wanted = Counter((item.role, item.shape) for item in source.targets.values())
        tables = Counter(e.shape for e in source.entries.values() if _may_be_table(e, source))
        have = Counter((entry.name.role, entry.shape) for entry in source.entries.values())
        for name, scope in tied.items():
            entry = source.entries.get(name)
            if entry is None or len(entry.shape) != 2:
                continue
            kernel = ("kernel", entry.shape[::-1])
            # Sampled losses look their weights up, too: another variable may be the table.
            if tables[entry.shape] > wanted["embedding", entry.shape]:
                continue
            if ("embedding", entry.shape) in wanted and wanted[kernel] > have[kernel]:
                yield from _both(entry, scope)


def _may_be_table(entry: Entry, source: Source) -> bool:
    """Tells whether a variable may be what rows are looked up of: a square kernel isn't."""
    if source.uses is None or entry.key in source.uses.tied:
        return True
    uses = source.uses.by_variable.get(entry.key, ())
    return not uses or any(use.kind in ("lookup", "other") for use in uses)


def _both(entry: Entry, scope: str) -> Iterator[Part]:
    because = _TIED.because(table=entry.key, scope=scope or "the model itself")
    # Where both are in one scope, such as the root, the table stands for a layer by itself.
    module = entry.key if entry.name.scope == scope else entry.name.scope
    own = (f"{module}/{entry.name.leaf}", module, "embedding", entry.shape)
    turned = (f"{scope}/kernel".lstrip("/"), scope, "kernel", entry.shape[::-1])
    # What is looked up comes before all that is multiplied at the end: by one name in the flow they
    # would feed each other. The kernel goes without one.
    ways = ((own, "identity", ""), (turned, "transpose(1, 0)", f"{entry.key}:kernel"))
    for (path, module, role, shape), layout, use in ways:
        yield Part(path, module, role, shape, (entry.key,), layout, _LAYER, because, use)
