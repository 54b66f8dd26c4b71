"""Freezing variables: out of TRAINABLE_VARIABLES, and back to the place where they were."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow as tf

from tf1compat.errors import GraphError, Problem, UsageError
from tf1compat.graph.building import kept_with
from tf1compat.graph.items import expand_parts, is_variable
from tf1compat.graph.query.index import index_of
from tf1compat.graph.query.result import QueryResult

__all__ = ["freeze", "frozen", "unfreeze"]

v1 = tf.compat.v1
_KEY = v1.GraphKeys.TRAINABLE_VARIABLES
_ORDER = "order of trainable variables"


def freeze(variables: Iterable[Any]) -> QueryResult:
    """Takes the trainable ones of `variables` out of TRAINABLE_VARIABLES, until unfrozen.

    Optimizers train what is in that collection when ``compute_gradients`` or ``minimize`` is
    called without a `var_list`; so freeze before that. Moving averages and other variables that
    were never trainable may be among `variables` (a whole scope) and stay as they are.

    Args:
      variables: a query or variables of one graph.

    Returns:
      The variables that were frozen by this call, in order of creation; none if all of them were
      frozen already.

    Raises:
      GraphError: nothing among `variables` is trainable or frozen.
      UsageError: something among `variables` is no variable.
    """
    values, graph = _values(variables)
    collection = graph.get_collection_ref(_KEY)
    order = _remembered(graph)
    inside = {id(value) for value in collection}
    ever = {id(value) for value in order}
    chosen = {id(value) for value in values}
    if not chosen & ever:
        names = ", ".join(value.op.name for value in values[:5])
        raise GraphError(f"expected trainable variables to freeze, found none among: {names}")
    collection[:] = [value for value in collection if id(value) not in chosen]
    return _result(graph, chosen & inside)


def unfreeze(variables: Iterable[Any]) -> QueryResult:
    """Puts frozen variables back into TRAINABLE_VARIABLES, each at its old place.

    Args:
      variables: a query or variables of one graph. Those that :func:`freeze` didn't take out
        (moving averages) stay untrainable.

    Returns:
      The variables that are trainable again by this call, in order of creation.

    Raises:
      GraphError: nothing among `variables` was ever trainable.
      UsageError: something among `variables` is no variable.
    """
    values, graph = _values(variables)
    collection = graph.get_collection_ref(_KEY)
    order = _remembered(graph)
    places = {id(value): place for place, value in enumerate(order)}
    inside = {id(value) for value in collection}
    returning = {id(v): v for v in values if id(v) in places and id(v) not in inside}
    if not any(id(value) in places for value in values):
        remedy = "train it by naming it in var_list"
        problems = [
            Problem(
                value.op.name, "a variable that was trainable", "one that never was", "", remedy
            )
            for value in values
        ]
        raise GraphError.from_problems("nothing to unfreeze", problems)
    # Optimizer.compute_gradients takes this collection in order, and slots are made in that order.
    for identity, value in sorted(returning.items(), key=lambda pair: places[pair[0]]):
        at = next(
            (at for at, other in enumerate(collection) if places[id(other)] > places[identity]),
            len(collection),
        )
        collection.insert(at, value)
    return _result(graph, set(returning))


@contextlib.contextmanager
def frozen(variables: Iterable[Any]) -> Iterator[QueryResult]:
    """Freezes `variables` in its block; after it what was frozen is trainable again.

    Yields:
      The variables that were frozen, in order of creation. Those that were frozen before the
      block stay frozen after it.

    Raises:
      GraphError: as :func:`freeze`.
    """
    found = freeze(variables)
    try:
        yield found
    finally:
        if found:
            unfreeze(found)


def _values(variables: Iterable[Any]) -> tuple[list[Any], tf.Graph]:
    values = [part for value in variables for part in expand_parts(value)]
    strange = [value for value in values if not is_variable(value)]
    if strange:
        raise UsageError(f"expected variables, found {strange[:3]!r}")
    if not values:
        raise GraphError("expected variables, found none: the query found nothing")
    graph = values[0].op.graph
    others = [value.op.name for value in values if value.op.graph is not graph]
    if others:
        raise GraphError(f"variables of several graphs: {values[0].op.name} and {others[0]}")
    return values, graph


def _remembered(graph: tf.Graph) -> list[Any]:
    """Returns every variable that was seen to be trainable, in the collection's order."""
    order: list[Any] = kept_with(graph, _ORDER, list)
    seen = {id(value) for value in order}
    order.extend(value for value in graph.get_collection_ref(_KEY) if id(value) not in seen)
    return order


def _result(graph: tf.Graph, identities: set[int]) -> QueryResult:
    return QueryResult([item for item in index_of(graph).items if id(item.value) in identities])
