"""Tables in shards: rows stand shard by shard, and ids may have been dealt out in turn."""

from __future__ import annotations

from collections.abc import Iterator

from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["Tables"]

_DEALT = Kind("table_mod", "the graph deals ids of {table} out to {shards} shards in turn ('mod')")
_IN_ROWS = Kind(
    "table_div", "the graph has rows of {table} in {shards} shards one after the other ('div')"
)
_SAID = Kind("table_said", "partition_strategy={strategy!r} for {shards} shards of {table}")
_ASKS = (
    "a table in shards: tf.nn.embedding_lookup deals ids out in turn ('mod') unless it is told "
    "otherwise, feature columns row by row ('div'), and only the graph says which: say "
    "partition_strategy='mod' or 'div'"
)


class Tables(Reading):
    """Embedding tables that were partitioned along their rows."""

    name = "tables"
    kinds = (_DEALT, _IN_ROWS, _SAID)

    def read(self, source: Source) -> Iterator[Part | Question]:
        for name, entry in source.entries.items():
            shards = len(entry.slices)
            known = source.uses.strategies.get(name) if source.uses is not None else None
            strategy = known or source.assumptions.partition_strategy
            # Only lookups deal rows out; a kernel in parts is joined as they stand.
            if shards < 2 or (known is None and entry.name.role != "embedding"):
                continue
            if not all(_whole_rows(index, entry.shape) for index in entry.slices):
                continue
            if strategy is None:
                yield Question((name,), _ASKS)
                continue
            kind = {"mod": _DEALT, "div": _IN_ROWS}[strategy]
            because = (
                kind.because(table=name, shards=shards)
                if known
                else _SAID.because(table=name, strategy=strategy, shards=shards)
            )
            layout = f"mod_shards({shards})" if strategy == "mod" else "identity"
            scope, role = entry.name.scope, entry.name.role
            yield Part(name, scope, role, entry.shape, (name,), layout, "a table", because)


def _whole_rows(index: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    return all(one == slice(0, size) for one, size in zip(index[1:], shape[1:], strict=True))
