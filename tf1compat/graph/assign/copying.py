"""Values from one scope's variables into another's, inside the session: target networks, EMA."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import GraphError, Problem, UsageError
from tf1compat.graph.assign.assigner import Assigner
from tf1compat.graph.building import outermost
from tf1compat.graph.items import GraphItem, expand_parts, is_variable, require_in_graph
from tf1compat.graph.query.graph_index import index_of
from tf1compat.graph.query.variable_query import query
from tf1compat.graph.session.connection import Connection
from tf1compat.names import nearest_names

__all__ = ["ScopeCopy", "ShadowSwap", "pair_scopes"]

v1 = tf.compat.v1
Pairs = Sequence[tuple[Any, Any]]


def pair_scopes(
    graph: tf.Graph | None, *, source: str, target: str, variables: Iterable[Any] | None = None
) -> list[tuple[Any, Any]]:
    """Returns (source, target) pairs of the variables of two scopes with the same inner names.

    Args:
      graph: the graph; None for the default one.
      source: exact scope of the variables to copy from.
      target: exact scope of those to copy to.
      variables: which variables to pair (of both scopes); None for all but optimizer slots,
        optimizers' own state and EMA shadows.

    Raises:
      GraphError: a variable without its counterpart, or a pair of unlike shapes or dtypes; all of
        them at once. Or there is nothing in either scope.
      UsageError: one scope lies in the other.
    """
    inner, outer = source.strip("/") + "/", target.strip("/") + "/"
    if inner.startswith(outer) or outer.startswith(inner):
        raise UsageError(f"expected two separate scopes, found {source!r} and {target!r}")
    everything = query(graph)
    chosen = (
        everything.kind("variable", "global_step")
        if variables is None
        else (everything & variables)
    )
    sources = {item.name[len(inner) :]: item for item in chosen.scope(source).result().items}
    targets = {item.name[len(outer) :]: item for item in chosen.scope(target).result().items}
    if not sources and not targets:
        scopes = {name.split("/")[0] for name in everything.names}
        near = ", ".join(nearest_names(source, scopes))
        raise GraphError(f"no variables in scopes {source!r} and {target!r}; scopes near: {near}")
    problems = _unpaired(sources, targets, inner, outer)
    pairs = [(sources[name], targets[name]) for name in sources if name in targets]
    _raise_for([*problems, *_unlike(pairs)], f"scopes {source!r} and {target!r} don't pair up")
    return [(one.value, other.value) for one, other in pairs]


class ScopeCopy:
    """Copies variables onto others, whole or blended; built once, run as often as wanted.

    Mirrors the loops of ``tf.assign`` by which reinforcement learning code updates its target
    networks. Everything is read and written by the session itself; nothing passes through Python.

    Attributes:
      pairs: (source, target) variables.
      copy_op: makes each target equal to its source.
      blend_op: sets each target to ``tau * source + (1 - tau) * target``; integers, booleans and
        strings are copied.
      tau: the placeholder of tau, a float32 scalar, for those who run `blend_op` themselves.
    """

    def __init__(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        """Adds the operations for `pairs` of variables; see :func:`pair_scopes`.

        Raises:
          GraphError: pairs of unlike shapes or dtypes, a variable that is written twice or both
            read and written; all at once. Or the graph is finalized.
          UsageError: there are no pairs, or something among them is no variable.
        """
        self.pairs = tuple(_flattened(pairs))
        items = [(GraphItem(one), GraphItem(other)) for one, other in self.pairs]
        _raise_for([*_unlike(items), *_entangled(items)], "these variables can't be copied")
        graph = items[0][0].op.graph
        if graph.finalized:
            raise GraphError("the graph is finalized: build the copy before finalizing it")
        self._items = [other for _, other in items]
        with outermost(graph, "scope_copy"):
            self.tau = v1.placeholder(tf.float32, [], name="tau")
            # Everything is read before anything is written, so that targets are of one moment.
            values = [one.value.read_value() for one, _ in items]
            blended = [
                self._blended(value, other) for value, (_, other) in zip(values, items, strict=True)
            ]
            self.copy_op = _write_all(self._items, values, name="copy")
            self.blend_op = _write_all(self._items, blended, name="blend")

    def copy(self, session: tf.compat.v1.Session) -> None:
        """Makes each target equal to its source in `session`.

        Raises:
          GraphError: a source isn't initialized, or the session failed.
        """
        Connection(session).run(self.copy_op, items=self._items, action="copying to")

    def blend(self, session: tf.compat.v1.Session, tau: float) -> None:
        """Moves each target towards its source by the fraction `tau` (Polyak averaging).

        Raises:
          UsageError: `tau` is not in [0, 1].
          GraphError: a variable isn't initialized, or the session failed.
        """
        if not (math.isfinite(tau) and 0.0 <= tau <= 1.0):
            raise UsageError(f"tau: expected a fraction between 0 and 1, found {tau}")
        feeds = {self.tau: tau}
        Connection(session).run(
            self.blend_op, feed_dict=feeds, items=self._items, action="blending"
        )

    def _blended(self, value: Any, target: GraphItem) -> Any:
        dtype = value.dtype.base_dtype
        # A count has nothing between two values: it is copied.
        if not (dtype.is_floating or dtype.is_complex):
            return value
        with v1.device(target.device):
            tau = tf.cast(self.tau, dtype)
            return tau * value + (tf.ones_like(tau) - tau) * target.value.read_value()


class ShadowSwap:
    """Puts moving averages (EMA shadows) in place of the variables for a while.

    Mirrors ``ExponentialMovingAverage.variables_to_restore`` without a checkpoint between.

    Attributes:
      pairs: (variable, shadow).
    """

    def __init__(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        """Adds what is needed for `pairs` of (variable, shadow).

        Raises:
          GraphError, UsageError: as :class:`ScopeCopy`.
        """
        self._copy = ScopeCopy([(shadow, variable) for variable, shadow in pairs])
        self.pairs = tuple((variable, shadow) for shadow, variable in self._copy.pairs)
        self._assigner = Assigner([variable for variable, _ in self.pairs])

    @classmethod
    def from_average(cls, average: Any, variables: Iterable[Any]) -> ShadowSwap:
        """Returns the swap of `variables` with their shadows in `average`.

        Args:
          average: a ``tf.train.ExponentialMovingAverage`` that was applied to them.
          variables: the variables.

        Raises:
          GraphError: variables that `average` has no shadow of; all of them.
        """
        values = [part for value in variables for part in expand_parts(value)]
        pairs = [(value, average.average(value)) for value in values]
        remedy = "apply the average to it, or leave it out"
        problems = [
            Problem(value.op.name, "a moving average", "none", remedy=remedy)
            for value, shadow in pairs
            if shadow is None
        ]
        _raise_for(problems, "variables without a moving average")
        return cls(pairs)

    @classmethod
    def from_names(cls, graph: tf.Graph | None = None) -> ShadowSwap:
        """Returns the swap of all the variables of `graph` that have a shadow by their names.

        Raises:
          GraphError: there is no shadow, or a variable has two (of two averages).
        """
        index = index_of(v1.get_default_graph() if graph is None else graph)
        by_name = {item.name: item.value for item in index.items}
        pairs = [
            (by_name[of], item.value)
            for item in index.items
            if (of := index.parsed[item.name].shadow_of) is not None
        ]
        if not pairs:
            raise GraphError("no variable of the graph has a moving average")
        return cls(pairs)

    @contextlib.contextmanager
    def swapped_in(self, session: tf.compat.v1.Session) -> Iterator[None]:
        """Gives the variables their averages' values in the block, and their own back after it.

        Their own values are held in memory meanwhile, and come back whatever is raised. What the
        block writes to the variables is lost; the averages themselves aren't touched.
        """
        with self._assigner.preserved(session):
            self._copy.copy(session)
            yield


def _flattened(pairs: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    flat: list[tuple[Any, Any]] = []
    for source, target in pairs:
        sources, targets = expand_parts(source), expand_parts(target)
        if len(sources) != len(targets):
            raise GraphError(
                f"{source.name}: expected as many parts as {target.name}, {len(targets)};"
                f" found {len(sources)}"
            )
        flat += zip(sources, targets, strict=True)
    strange = [value for pair in flat for value in pair if not is_variable(value)]
    if strange or not flat:
        raise UsageError(f"expected pairs of variables, found {strange[:3]!r}")
    require_in_graph(value for pair in flat for value in pair)
    return flat


def _write_all(items: Sequence[GraphItem], values: Sequence[Any], *, name: str) -> Any:
    """Returns an operation that writes `values`, once all of them are known."""
    with tf.control_dependencies(values):
        writes = [
            item.value.assign(value, read_value=False)
            for item, value in zip(items, values, strict=True)
        ]
    return tf.group(*writes, name=name)


def _unpaired(
    sources: Mapping[str, GraphItem], targets: Mapping[str, GraphItem], inner: str, outer: str
) -> list[Problem]:
    lost = [(inner + name, outer + name) for name in sources if name not in targets]
    lost += [(outer + name, inner + name) for name in targets if name not in sources]
    remedy = "make it, or choose `variables` to pair"
    return [Problem(name, f"a counterpart {other}", "none", remedy=remedy) for name, other in lost]


def _unlike(pairs: Iterable[tuple[GraphItem, GraphItem]]) -> list[Problem]:
    return [
        Problem(
            other.name,
            f"shape {one.shape}, {one.value.dtype.base_dtype.name} as {one.name}",
            f"shape {other.shape}, {other.value.dtype.base_dtype.name}",
        )
        for one, other in pairs
        if (one.shape, one.value.dtype.base_dtype) != (other.shape, other.value.dtype.base_dtype)
    ]


def _entangled(pairs: Sequence[tuple[GraphItem, GraphItem]]) -> list[Problem]:
    sources = {id(one.value) for one, _ in pairs}
    names = [other.name for _, other in pairs]
    problems = [
        Problem(name, "to be written once", f"{names.count(name)} times")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    return problems + [
        Problem(other.name, "to be read or to be written", "both")
        for _, other in pairs
        if id(other.value) in sources
    ]


def _raise_for(problems: Sequence[Problem], headline: str) -> None:
    if problems:
        raise GraphError.from_problems(headline, problems)
