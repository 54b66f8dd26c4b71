"""Tables in shards: rows stand shard by shard, and ids may have been dealt out in turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.graph_uses import Uses
from tf1compat.migration.meaning.assumptions import Assumptions
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind, Reason

__all__ = ["Tables", "rows_in_shards"]

_DEALT = Kind("table_mod", "the graph deals ids of {table} out to {shards} shards in turn ('mod')")
_IN_ROWS = Kind(
    "table_div", "the graph has rows of {table} in {shards} shards one after the other ('div')"
)
_SAID = Kind("table_said", "partition_strategy={strategy!r} for {shards} shards of {table}")
_ASKS = (
    "a table in shards: tf.nn.embedding_lookup deals ids out in turn ('mod') unless it is told "
    "otherwise, feature columns row by row ('div'), and only the graph says which: say "
    "partition_strategy='mod' or 'div' (--partition_strategy=...)"
)
_ASKS_OF_BOTH = (
    "a table in shards, from which the graph looks ids up both in turn ('mod') and row by row "
    "('div'): say which of them the model is to have, partition_strategy='mod' or 'div'"
)


class Tables(Reading):
    """Embedding tables that were partitioned along their rows."""

    name = "tables"
    kinds = (_DEALT, _IN_ROWS, _SAID)

    def read(self, source: Source) -> Iterator[Part | Question]:
        for shards, told in (source.uses.listed if source.uses else {}).items():
            strategy = source.assumptions.partition_strategy if told == "both" else told
            if strategy is not None:
                yield from _listed(source.entries, shards, strategy)
            elif all(name in source.entries for name in shards):
                yield Question(shards, _ASKS_OF_BOTH)
        for name, entry in source.entries.items():
            if len(entry.slices) < 2:  # a role is looked for among all weights
                continue
            role = _role_in(source, entry)
            found = rows_in_shards(name, entry, source.uses, source.assumptions, role=role)
            if isinstance(found, Question):
                yield found
            elif found is not None:
                layout, because = found
                scope, role = entry.name.scope, entry.name.role
                yield Part(name, scope, role, entry.shape, (name,), layout, "a table", because)


def _listed(entries: Mapping[str, Entry], shards: tuple[str, ...], strategy: str) -> Iterator[Part]:
    """Yields the table of which each shard is a variable of its own, as the graph looks it up."""
    given = [entries[name] for name in shards if name in entries]
    plain = [entry for entry in given if entry.shape and len(entry.slices) < 2]
    if len(plain) != len(shards) or len({entry.shape[1:] for entry in plain}) != 1:
        return
    rows, count = sum(entry.shape[0] for entry in plain), len(shards)
    if [entry.shape[0] for entry in plain] != [
        (rows + count - 1 - i) // count for i in range(count)
    ]:
        return
    kind, layout = _DEALT, f"concatenate(0) | mod_shards({count})"
    if strategy == "div":
        kind, layout = _IN_ROWS, "concatenate(0)"
    table = _common(shards)
    shape = (rows, *plain[0].shape[1:])
    because = kind.because(table=table, shards=count)
    yield Part(f"{table}/embeddings", table, "embedding", shape, shards, layout, "a table", because)


def _common(names: tuple[str, ...]) -> str:
    """Returns the scope that all names are in; what the first begins with where none is."""
    scopes = zip(*(name.split("/")[:-1] for name in names), strict=False)
    levels = itertools.takewhile(lambda level: len({*level}) == 1, scopes)
    within = "/".join(level[0] for level in levels)
    return within or names[0].partition("/")[0].rstrip("0123456789_")


def _role_in(source: Source, entry: Entry) -> str:
    """Returns what a variable is by name, or a table where the model has its shape for one alone.

    A `softmax_w` that a model looks up was looked up in 1.x, too.
    """
    roles = {item.role for item in source.targets.values() if item.shape == entry.shape}
    return "embedding" if roles == {"embedding"} else entry.name.role


def rows_in_shards(
    name: str, entry: Entry, uses: Uses | None, assumptions: Assumptions, *, role: str = ""
) -> tuple[str, Reason] | Question | None:
    """Returns the layout of a table in shards and why, or what to ask; None for any other.

    Args:
      name: the variable's name.
      entry: the variable.
      uses: what the v1 graph does with variables; None without a graph.
      assumptions: what the user said.
      role: what the variable is, if its name doesn't say it.
    """
    shards = len(entry.slices)
    known = uses.strategies.get(name) if uses is not None else None
    strategy = assumptions.partition_strategy if known in (None, "both") else known
    # Only lookups deal rows out; a kernel in parts is joined as they stand.
    if shards < 2 or (known is None and (role or entry.name.role) != "embedding"):
        return None
    if not all(_whole_rows(index, entry.shape) for index in entry.slices):
        return None
    if strategy is None:
        return Question((name,), _ASKS_OF_BOTH if known else _ASKS)
    layout = f"mod_shards({shards})" if strategy == "mod" else "identity"
    if known in (None, "both"):
        return layout, _SAID.because(table=name, strategy=strategy, shards=shards)
    return layout, (_DEALT if known == "mod" else _IN_ROWS).because(table=name, shards=shards)


def _whole_rows(index: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    return all(one == slice(0, size) for one, size in zip(index[1:], shape[1:], strict=True))
