"""The answer to a query: an immutable sequence that prints as a table and exports itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, overload

from tf1compat.errors import GraphError, UsageError
from tf1compat.graph.items import GraphItem
from tf1compat.names.listing import SHOWN, listing, total
from tf1compat.names.screens import SCREEN, html_table
from tf1compat.printable import joined, printable_name

__all__ = ["QueryResult"]


class QueryResult(Sequence[Any]):
    """What a query found: variables (or tensors, operations), in order of creation.

    Printing it gives a table with totals. It never changes, whatever becomes of the graph.

    Attributes:
      items: for each thing a :class:`GraphItem` with its facts.
    """

    def __init__(self, items: Sequence[GraphItem]) -> None:
        self.items = tuple(items)

    @property
    def names(self) -> tuple[str, ...]:
        """Names without ``:0``."""
        return tuple(item.name for item in self.items)

    @property
    def parameters(self) -> int:
        """Number of elements of all together; unknown ones count 0."""
        return sum(item.size or 0 for item in self.items)

    @property
    def nbytes(self) -> int:
        """Bytes of all together; unknown ones and strings count 0."""
        return sum(item.nbytes or 0 for item in self.items)

    def one(self) -> Any:
        """Returns the only thing found.

        Raises:
          GraphError: none was found, or several; the message names them.
        """
        if len(self.items) != 1:
            several = ", ".join(self.names[:5]) or "none"
            raise GraphError(f"expected exactly one, found {len(self.items)}: {several}")
        return self.items[0].value

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Returns the facts of each thing by its name, in plain values.

        Each has ``kind``, ``shape`` (list, None for unknown), ``dtype``, ``size``, ``nbytes``,
        ``device``, ``op_type``, ``trainable`` and ``collections``.

        Raises:
          GraphError: two things share a name, so that a dict would lose one.
        """
        facts = {item.name: _facts(item) for item in self.items}
        if len(facts) != len(self.items):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise GraphError(f"names that more than one thing has: {', '.join(twice[:10])}")
        return facts

    def to_json(self, *, indent: int | None = 2) -> str:
        """Returns :meth:`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent)

    def to_pandas(self) -> Any:
        """Returns a ``pandas.DataFrame`` of one row a thing, indexed by name.

        Raises:
          UsageError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise UsageError(
                "to_pandas() needs pandas, which isn't installed; run `pip install pandas`,"
                " or use to_dict()"
            ) from error
        facts = [_facts(item) for item in self.items]
        return pandas.DataFrame(facts, index=pandas.Index(self.names, name="name"))

    def table(self, *, rows: int | None = SHOWN) -> str:
        """Returns a table of at most `rows` lines (None for all), and a line of totals."""
        shown = self.items if rows is None else self.items[:rows]
        left_off = len(self.items) - len(shown)
        rows_shown = [_row(item) for item in shown]
        lines = listing(_HEADER, rows_shown, numbers=_NUMBERS, left_off=left_off)
        totals = total(len(self.items), parameters=self.parameters, nbytes=self.nbytes)
        return joined([*lines, totals])

    def __str__(self) -> str:
        return self.table()

    def _repr_html_(self) -> str:
        shown = self.items[:SCREEN]
        headline = total(len(self.items), parameters=self.parameters, nbytes=self.nbytes)
        rows = [_row(item) for item in shown]
        return html_table(headline, _HEADER, rows, more=len(self.items) - len(shown))

    def __repr__(self) -> str:
        names = ", ".join(self.names[:5]) + (", ..." if len(self.items) > 5 else "")
        return printable_name(f"<{len(self.items)} found: {names}>")

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return (item.value for item in self.items)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> QueryResult: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return QueryResult(self.items[index])
        return self.items[index].value

    def __contains__(self, value: object) -> bool:
        # By identity: a variable's own == may build an operation.
        return any(item.value is value for item in self.items)

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """Returns at which place `value` itself is; raises ValueError where it isn't."""
        places = range(len(self.items))[start:stop]
        for at in places:
            if self.items[at].value is value:
                return at
        raise ValueError(f"{getattr(value, 'name', value)!r} is not in it")

    def count(self, value: Any) -> int:
        """Returns 1 if `value` itself is in it, else 0."""
        return sum(item.value is value for item in self.items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, QueryResult):
            return NotImplemented
        return len(self) == len(other) and all(
            a.value is b.value for a, b in zip(self.items, other.items, strict=True)
        )

    def __hash__(self) -> int:
        return hash(tuple(id(item.value) for item in self.items))


_HEADER = ("name", "shape", "dtype", "parameters", "bytes", "device", "collections")
_NUMBERS = ("parameters", "bytes")


def _facts(item: GraphItem) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "shape": None if item.shape is None else list(item.shape),
        "dtype": None if item.dtype is None else item.dtype.name,
        "size": item.size,
        "nbytes": item.nbytes,
        "device": item.device,
        "op_type": item.op_type,
        "trainable": item.trainable,
        "collections": list(item.collections),
    }


def _row(item: GraphItem) -> tuple[str, ...]:
    return (
        item.name or repr(item.value)[:60],
        "?" if item.shape is None else str(item.shape).replace("None", "?"),
        item.dtype.name if item.dtype is not None else "",
        "?" if item.size is None else f"{item.size:,}",
        "?" if item.nbytes is None else f"{item.nbytes:,}",
        item.device,
        ", ".join(item.collections),
    )
