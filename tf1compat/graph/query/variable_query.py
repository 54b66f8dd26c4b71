"""One query over what a graph collected: variables, losses, update ops, summaries, anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, overload

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.items import GraphItem, expand_parts
from tf1compat.graph.query import _filters
from tf1compat.graph.query._filters import Filter, chosen_by, looked_up
from tf1compat.graph.query.graph_index import GraphIndex, index_of
from tf1compat.graph.query.result import QueryResult
from tf1compat.graph.session.probes import initialized_names
from tf1compat.names import ROLES, strip_output
from tf1compat.names.choosing import (
    glob_pattern,
    pattern_of,
    require_known,
    require_some,
    require_texts,
)
from tf1compat.names.graph_names import bare_name

__all__ = ["VariableQuery", "query"]

v1 = tf.compat.v1
_KINDS = (
    *("global_step", "loss_average", "loss_scale", "optimizer_state", "shadow", "slot"),
    "variable",
)


def query(graph: tf.Graph | None = None, *, key: str | None = None) -> VariableQuery:
    """Returns a query over all variables that any collection of `graph` holds.

    Mirrors ``tf.compat.v1.get_collection``, whose `scope` is a prefix; here a scope ends at its
    slash (``conv1`` never finds ``conv10``), and look-ups use an index.

    Args:
      graph: the graph; None for the default one.
      key: a collection (``tf.compat.v1.GraphKeys.LOSSES``, one of your own) to query instead:
        its tensors, operations, variables or other objects, each once.

    Returns:
      A query that finds everything, to be narrowed by its methods.

    Raises:
      UsageError: `graph` is no ``tf.Graph``; or it is None in eager mode.
    """
    if graph is None and tf.executing_eagerly():
        raise UsageError(
            "graph: expected one in eager mode, where there is no default graph; pass it, or ask "
            "under `with graph.as_default():`"
        )
    graph = v1.get_default_graph() if graph is None else graph
    if not isinstance(graph, tf.Graph):
        raise UsageError(f"graph: expected a tf.Graph, found {type(graph).__name__}")
    return VariableQuery(graph, key=key, select=lambda index: range(len(index.items)))


class VariableQuery(Sequence[Any]):
    """A description of some of the things that a graph collected; made by :func:`query`.

    Every method returns a new query; nothing is looked up before the query is read (iterated,
    counted, indexed, printed), and then on the graph as it is at that time. :meth:`result` gives
    an immutable sequence. Queries of one graph combine by ``|``, ``&``, ``-``, ``^`` and ``~``.
    """

    def __init__(
        self,
        graph: tf.Graph,
        *,
        key: str | None,
        select: Callable[[GraphIndex], frozenset[int] | range],
    ) -> None:
        self.graph = graph
        self.key = key
        self._select = select
        self._answer: tuple[GraphIndex, QueryResult] | None = None

    # Narrowing.

    def scope(self, *scopes: str) -> VariableQuery:
        """Keeps what lies in one of `scopes`, exactly: ``conv1`` doesn't hold ``conv10/w``."""
        require_texts(scopes, "a scope")
        return self._where(
            looked_up(lambda index: frozenset(at for s in scopes for at in index.in_scope(s)))
        )

    def named(self, *names: str) -> VariableQuery:
        """Keeps what has one of `names` (``:0`` allowed); a partitioned name keeps all parts."""
        require_texts(names, "a name")
        bare = list(map(bare_name, names))
        return self._where(
            looked_up(lambda index: frozenset(at for name in bare for at in index.named(name)))
        )

    def glob(self, *patterns: str) -> VariableQuery:
        """Keeps names that match a glob; ``*`` stays within a component, ``**`` crosses slashes.

        Raises:
          UsageError: a pattern is no glob.
        """
        require_texts(patterns, "a glob")
        compiled = [pattern_of("glob", one, glob_pattern(one)) for one in patterns]
        return self._where(chosen_by(lambda item: any(p.fullmatch(item.name) for p in compiled)))

    def regex(self, *patterns: str) -> VariableQuery:
        """Keeps names of which the whole matches one of `patterns`, in Python's syntax.

        Raises:
          UsageError: a pattern is no regular expression, or has look-arounds or back-references.
        """
        require_texts(patterns, "a pattern")
        compiled = [pattern_of("regex", pattern, pattern) for pattern in patterns]
        return self._where(chosen_by(lambda item: any(p.fullmatch(item.name) for p in compiled)))

    def collection(self, *keys: str) -> VariableQuery:
        """Keeps what at least one of the collections `keys` holds."""
        require_texts(keys, "a collection's key")
        return self._where(
            looked_up(lambda index: frozenset().union(*map(index.in_collection, keys)))
        )

    def trainable(self) -> VariableQuery:
        """Keeps what is in TRAINABLE_VARIABLES, which is what optimizers train by default."""
        return self.collection(v1.GraphKeys.TRAINABLE_VARIABLES)

    def untrainable(self) -> VariableQuery:
        """Keeps what is not in TRAINABLE_VARIABLES: moving averages, slots, frozen variables."""
        return self._where(chosen_by(lambda item: not item.trainable))

    def dtype(self, *dtypes: Any) -> VariableQuery:
        """Keeps what has one of `dtypes` (anything ``tf.as_dtype`` takes).

        Raises:
          UsageError: a dtype that there isn't.
        """
        require_some(dtypes, "a dtype")
        return self._where(chosen_by(_filters.by_dtype(dtypes)))

    def shape(self, pattern: Sequence[Any]) -> VariableQuery:
        """Keeps static shapes like `pattern`: None is any dimension, one ``...`` any number.

        Raises:
          UsageError: `pattern` is no such sequence.
        """
        return self._where(chosen_by(_filters.by_shape(pattern)))

    def rank(self, *ranks: int) -> VariableQuery:
        """Keeps what has one of `ranks` dimensions."""
        require_some(ranks, "a rank")
        return self._where(chosen_by(_filters.by_rank(ranks)))

    def size(self, *, at_least: int = 0, at_most: float = float("inf")) -> VariableQuery:
        """Keeps what has a known number of elements within the bounds, both inclusive."""
        return self._where(chosen_by(_filters.by_size(at_least, at_most)))

    def role(self, *roles: str) -> VariableQuery:
        """Keeps what has one of :data:`tf1compat.names.ROLES` by its name (``kernel``, ...).

        Raises:
          UsageError: a role that there isn't.
        """
        require_known(roles, ROLES, "role")
        return self._where(_filters.by_parsed("role", roles))

    def kind(self, *kinds: str) -> VariableQuery:
        """Keeps ``'variable'``, ``'slot'``, ``'shadow'``, ``'global_step'``, ``'optimizer_state'``.

        Further kinds are ``'loss_scale'`` and ``'loss_average'``, of a loss. Slots and shadows are
        told from all names of the graph together.

        Raises:
          UsageError: a kind that there isn't.
        """
        require_known(kinds, _KINDS, "kind")
        return self._where(_filters.by_parsed("kind", kinds))

    def slots_of(self, *variables: Any) -> VariableQuery:
        """Keeps the optimizer slots of `variables`: variables, queries or names."""
        return self._where(_filters.companions_of(_names(variables), "slot_of"))

    def shadows_of(self, *variables: Any) -> VariableQuery:
        """Keeps the moving averages (EMA shadows) of `variables`: variables, queries or names."""
        return self._where(_filters.companions_of(_names(variables), "shadow_of"))

    def device(self, device: str) -> VariableQuery:
        """Keeps what was placed on `device`, of which a part will do: ``'/job:ps'``.

        ``''`` keeps what was not placed at all.

        Raises:
          UsageError: `device` is no device string.
        """
        return self._where(chosen_by(_filters.by_device(device)))

    def op_type(self, *types: str) -> VariableQuery:
        """Keeps what an operation of one of `types` makes: ``VariableV2``, ``VarHandleOp``, ..."""
        require_texts(types, "an operation's type")
        return self._where(chosen_by(lambda item: item.op_type in types))

    def partitioned(self) -> VariableQuery:
        """Keeps the parts of partitioned variables (and of their slots)."""
        return self._where(chosen_by(lambda item: item.part is not None))

    def where(self, accept: Callable[[GraphItem], bool]) -> VariableQuery:
        """Keeps the items for which `accept` returns true."""
        return self._where(chosen_by(accept))

    def initialized(self, session: tf.compat.v1.Session) -> VariableQuery:
        """Keeps the variables that are initialized in `session` now, at the time of this call."""
        names = initialized_names(session, self.result().items)
        return self._where(chosen_by(lambda item: item.name in names))

    def uninitialized(self, session: tf.compat.v1.Session) -> VariableQuery:
        """Keeps the variables that are not initialized in `session` at the time of this call."""
        items = [item for item in self.result().items if item.kind == "variable"]
        names = {item.name for item in items} - initialized_names(session, items)
        return self._where(chosen_by(lambda item: item.name in names))

    # Set operations.

    def __or__(self, other: Any) -> VariableQuery:
        return self._combine(other, lambda a, b: a | b)

    def __and__(self, other: Any) -> VariableQuery:
        return self._combine(other, lambda a, b: a & b)

    def __sub__(self, other: Any) -> VariableQuery:
        return self._combine(other, lambda a, b: a - b)

    def __xor__(self, other: Any) -> VariableQuery:
        return self._combine(other, lambda a, b: a ^ b)

    def __invert__(self) -> VariableQuery:
        select = self._select
        return self._with(
            lambda index: frozenset(range(len(index.items))) - frozenset(select(index))
        )

    # Reading.

    def result(self) -> QueryResult:
        """Returns what the query finds now: an immutable sequence in order of creation."""
        index = index_of(self.graph, key=self.key)
        if self._answer is None or self._answer[0] is not index:
            found = sorted(self._select(index))
            self._answer = index, QueryResult([index.items[at] for at in found])
        return self._answer[1]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of what the query finds now, without ``:0``."""
        return self.result().names

    def one(self) -> Any:
        """Returns the only thing found; raises GraphError where it isn't exactly one."""
        return self.result().one()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.result())

    def __len__(self) -> int:
        return len(self.result())

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> QueryResult: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self.result()[index]

    def __contains__(self, value: object) -> bool:
        return value in self.result()

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """Returns at which place `value` itself is; raises ValueError where it isn't."""
        return self.result().index(value, start, stop)

    def count(self, value: Any) -> int:
        """Returns 1 if `value` itself is found, else 0."""
        return self.result().count(value)

    def __str__(self) -> str:
        return str(self.result())

    def __repr__(self) -> str:
        return f"<VariableQuery: {self.result()!r}>"

    def _repr_html_(self) -> str:
        return self.result()._repr_html_()

    def _with(self, select: Callable[[GraphIndex], frozenset[int] | range]) -> VariableQuery:
        return VariableQuery(self.graph, key=self.key, select=select)

    def _where(self, keep: Filter) -> VariableQuery:
        select = self._select
        return self._with(lambda index: keep(index, select(index)))

    def _combine(
        self, other: Any, function: Callable[[frozenset[int], frozenset[int]], frozenset[int]]
    ) -> VariableQuery:
        mine, theirs = self._select, self._select_other(other)
        return self._with(lambda index: function(frozenset(mine(index)), frozenset(theirs(index))))

    def _select_other(self, other: Any) -> Callable[[GraphIndex], frozenset[int] | range]:
        if isinstance(other, VariableQuery):
            if other.graph is not self.graph:
                raise UsageError("queries of two graphs can't be combined; both must be of one")
            if other.key == self.key:
                return other._select
        elif isinstance(other, str) or not isinstance(other, Iterable):
            found = type(other).__name__
            raise UsageError(f"expected a query or a sequence of variables, found {found}")
        values = [part for value in other for part in expand_parts(value)]
        return lambda index: frozenset(
            index.positions[id(value)] for value in values if id(value) in index.positions
        )


def _names(variables: Iterable[Any]) -> list[str]:
    """Returns the names of variables, of all that queries find, and strings as they are."""
    names: list[str] = []
    for variable in variables:
        if isinstance(variable, str):
            names.append(variable)
        elif isinstance(variable, VariableQuery | QueryResult):
            names.extend(variable.names)
        else:
            names.extend(part.name for part in expand_parts(variable))
    return [strip_output(name) for name in names]
