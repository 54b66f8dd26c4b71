"""Freezing: variables out of TRAINABLE_VARIABLES, updates out of UPDATE_OPS, and back."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias, get_args

import tensorflow as tf

from tf1compat.errors import GraphError, Problem, UsageError
from tf1compat.graph.items import GraphItem, variables_and_graph
from tf1compat.graph.query.graph_index import index_of
from tf1compat.graph.query.result import QueryResult
from tf1compat.graph.training._withdrawing import Withdrawing
from tf1compat.graph.training._writes import followers, writers
from tf1compat.names.op_types import changes_variables
from tf1compat.printable import joined

__all__ = ["Frozen", "UpdatePolicy", "freeze", "frozen", "unfreeze"]

v1 = tf.compat.v1
_TRAINABLE = v1.GraphKeys.TRAINABLE_VARIABLES
_UPDATES = v1.GraphKeys.UPDATE_OPS

UpdatePolicy: TypeAlias = Literal["leave", "hold"]
"""What freezing does with update ops: leave them where they are, or hold them."""


class Frozen(QueryResult):
    """The variables that were frozen, and the update ops that concern them.

    Attributes:
      moving: update ops in UPDATE_OPS that still write to the variables, or to moving statistics
        beside them; in order of creation.
      held: update ops that were taken out of UPDATE_OPS.
    """

    def __init__(
        self, items: Sequence[GraphItem], *, moving: QueryResult, held: QueryResult
    ) -> None:
        super().__init__(items)
        self.moving = moving
        self.held = held

    def __str__(self) -> str:
        lines = super().__str__().split("\n")
        if self.moving:
            names = ", ".join(self.moving.names)
            lines.append(f"still moved by {len(self.moving)} in UPDATE_OPS: {names}")
            lines.append("freeze(..., updates='hold') holds them")
        if self.held:
            lines.append(f"{len(self.held)} held of UPDATE_OPS: {', '.join(self.held.names)}")
        return joined(lines)


def freeze(variables: Iterable[Any], *, updates: UpdatePolicy = "leave") -> Frozen:
    """Takes the trainable ones of `variables` out of TRAINABLE_VARIABLES, until unfrozen.

    Optimizers train what is in that collection when ``compute_gradients`` or ``minimize`` is
    called without a `var_list`; so freeze before that. Moving averages and other variables that
    were never trainable may be among `variables` (a whole scope).

    Moving statistics aren't trained but updated, by what layers file in UPDATE_OPS: the result's
    ``moving`` names the update ops that go on doing so, and ``updates='hold'`` takes them out of
    that collection as well; so freeze before it is read. It concerns statistics among `variables`,
    and those beside a trainable one of them: of the same layer. A layer built with
    ``training=True`` still normalizes by its batch.

    Args:
      variables: a query or variables of one graph.
      updates: ``'leave'``, or ``'hold'`` for update ops to be taken out too.

    Returns:
      The variables that were frozen by this call, in order of creation; none if all of them were
      frozen already. And the update ops.

    Raises:
      GraphError: nothing among `variables` is trainable or frozen (nor moved by an update op, with
        ``'hold'``); or an update op to hold is run by something else already, a train op perhaps:
        nothing is frozen then.
      UsageError: something among `variables` is no variable, or `updates` isn't one of the two.
    """
    if updates not in get_args(UpdatePolicy):
        raise UsageError(f"updates: expected 'leave' or 'hold', found {updates!r}")
    values, graph = variables_and_graph(variables)
    trainables, collected = Withdrawing(graph, _TRAINABLE), Withdrawing(graph, _UPDATES)
    concerned = _with_statistics(values, graph, trainables)
    moving = _writing(graph, collected.collection, concerned)
    chosen = {id(value) for value in values}
    holding = updates == "hold"
    if not chosen & trainables.ever and not (
        holding and (moving or _writing(graph, collected.out, concerned))
    ):
        raise _nothing_to_freeze(values, moving)
    if not holding:
        taken = trainables.take(chosen)
        return Frozen(_items(graph, taken), moving=_result(moving), held=QueryResult([]))
    _require_free(graph, moving)
    taken = trainables.take(chosen)
    collected.take({id(update) for update in moving})
    return Frozen(_items(graph, taken), moving=QueryResult([]), held=_result(moving))


def unfreeze(variables: Iterable[Any]) -> QueryResult:
    """Puts frozen variables back into TRAINABLE_VARIABLES, each at its old place.

    Update ops of theirs that are held go back into UPDATE_OPS likewise.

    Args:
      variables: a query or variables of one graph. Those that :func:`freeze` didn't take out
        (moving averages) stay untrainable.

    Returns:
      The variables that are trainable again by this call, in order of creation.

    Raises:
      GraphError: nothing among `variables` was ever trainable, and nothing is held that moves it.
      UsageError: something among `variables` is no variable.
    """
    values, graph = variables_and_graph(variables)
    trainables, collected = Withdrawing(graph, _TRAINABLE), Withdrawing(graph, _UPDATES)
    held = _writing(graph, collected.out, _with_statistics(values, graph, trainables))
    if not held and not any(id(value) in trainables.ever for value in values):
        remedy = "train it by naming it in var_list"
        problems = [
            Problem(
                value.op.name, "a variable that was trainable", "one that never was", "", remedy
            )
            for value in values
        ]
        raise GraphError.from_problems("nothing to unfreeze", problems)
    collected.put_back({id(update) for update in held})
    return QueryResult(_items(graph, trainables.put_back({id(value) for value in values})))


@contextlib.contextmanager
def frozen(variables: Iterable[Any], *, updates: UpdatePolicy = "leave") -> Iterator[Frozen]:
    """Freezes `variables` in its block; after it what was frozen is trainable again.

    Args:
      variables: as for :func:`freeze`.
      updates: as for :func:`freeze`; what was held goes back into UPDATE_OPS.

    Yields:
      The variables that were frozen, in order of creation, and the update ops. Those that were
      frozen before the block stay frozen after it.

    Raises:
      GraphError: as :func:`freeze`.
    """
    values, graph = variables_and_graph(variables)
    found = freeze(values, updates=updates)
    try:
        yield found
    finally:
        Withdrawing(graph, _TRAINABLE).put_back({id(value) for value in found})
        Withdrawing(graph, _UPDATES).put_back({id(update) for update in found.held})


def _with_statistics(values: Sequence[Any], graph: tf.Graph, trainables: Withdrawing) -> list[Any]:
    """Returns `values` and, of the layers whose weights are among them, the moving statistics.

    Those are what lies beside a weight and was never trainable. Outside of all scopes nothing
    tells what belongs together.
    """
    chosen = {id(value) for value in values}
    weights = [value for value in values if id(value) in trainables.ever]
    scopes = {GraphItem(value).scope for value in weights} - {""}
    beside = [
        item.value
        for item in index_of(graph).items
        if item.kind == "variable"
        and item.scope in scopes
        and id(item.value) not in trainables.ever | chosen
    ]
    return [*values, *beside]


def _writing(graph: tf.Graph, updates: Iterable[Any], variables: Iterable[Any]) -> list[Any]:
    """Returns those of `updates`, operations or tensors, that write one of `variables`."""
    filed = list(updates)
    if not filed:
        return []
    running = followers(graph, writers(graph, variables))
    return [update for update in filed if id(getattr(update, "op", update)) in running]


def _require_free(graph: tf.Graph, updates: Sequence[Any]) -> None:
    """Raises where something besides UPDATE_OPS runs one of `updates`: to hold it would not do."""
    operations = [getattr(update, "op", update) for update in updates]
    if not _others_run(graph, operations):
        return
    problems = []
    for operation in operations:
        others = _others_run(graph, [operation])
        if others:  # the last comes after all others: the train op
            found = f"run by {others[-1]}" + (f" and {len(others) - 1} more" if others[1:] else "")
            remedy = "freeze before the train op is built"
            problems.append(Problem(operation.name, "run by UPDATE_OPS alone", found, "", remedy))
    raise GraphError.from_problems("updates that can't be held; nothing was frozen", problems)


def _others_run(graph: tf.Graph, operations: Sequence[tf.Operation]) -> list[str]:
    """Returns the names of the groups and the writes that run one of `operations`."""
    filed = {id(getattr(update, "op", update)) for update in graph.get_collection(_UPDATES)}
    running = followers(graph, operations) - filed
    return [
        other.name
        for other in graph.get_operations()
        if id(other) in running and (other.type == "NoOp" or changes_variables(other.type))
    ]


def _nothing_to_freeze(values: Sequence[Any], moving: Sequence[Any]) -> GraphError:
    names = ", ".join(value.op.name for value in values[:5])
    message = f"expected trainable variables to freeze, found none among: {names}"
    if moving:
        message += f"; {_names(moving)} in UPDATE_OPS move them, which updates='hold' holds"
    return GraphError(message)


def _names(things: Sequence[Any]) -> str:
    more = f" and {len(things) - 5} more" if len(things) > 5 else ""
    return ", ".join(_result(things).names[:5]) + more


def _result(things: Iterable[Any]) -> QueryResult:
    return QueryResult([GraphItem(thing).with_collections((_UPDATES,)) for thing in things])


def _items(graph: tf.Graph, identities: Collection[int]) -> list[GraphItem]:
    return [item for item in index_of(graph).items if id(item.value) in identities]
