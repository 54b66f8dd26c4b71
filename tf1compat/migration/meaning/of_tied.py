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
        shapes = Counter(entry.shape for entry in source.entries.values())
        have = {(entry.name.role, entry.shape) for entry in source.entries.values()}
        for name, scope in tied.items():
            entry = source.entries.get(name)
            if entry is None or len(entry.shape) != 2:
                continue
            kernel = ("kernel", entry.shape[::-1])
            # Sampled losses look their weights up, too: another variable may be the table.
            if shapes[entry.shape] > wanted["embedding", entry.shape]:
                continue
            if ("embedding", entry.shape) in wanted and kernel in wanted and kernel not in have:
                yield from _both(entry, scope)


def _both(entry: Entry, scope: str) -> Iterator[Part]:
    because = _TIED.because(table=entry.key, scope=scope or "the model itself")
    # Where both are in one scope, such as the root, the table stands for a layer by itself.
    module = entry.key if entry.name.scope == scope else entry.name.scope
    own = (f"{module}/{entry.name.leaf}", module, "embedding", entry.shape)
    turned = (f"{scope}/kernel".lstrip("/"), scope, "kernel", entry.shape[::-1])
    for (path, module, role, shape), layout in ((own, "identity"), (turned, "transpose(1, 0)")):
        yield Part(path, module, role, shape, (entry.key,), layout, _LAYER, because)
