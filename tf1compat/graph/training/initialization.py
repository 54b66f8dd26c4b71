"""Initializing what isn't initialized yet, each variable after those that its value depends on."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from tf1compat.errors import GraphError, Problem
from tf1compat.graph.items import GraphItem, variables_of
from tf1compat.graph.query.graph_index import index_of
from tf1compat.graph.session.connection import Connection, require_session
from tf1compat.graph.session.probes import initialized_names
from tf1compat.names.graph_names import op_name
from tf1compat.printable import joined

__all__ = ["InitializationReport", "initialize_uninitialized"]

v1 = tf.compat.v1


@dataclasses.dataclass(frozen=True)
class InitializationReport:
    """What :func:`initialize_uninitialized` did.

    Attributes:
      waves: names of the variables initialized together, wave after wave; each depends on
        variables of earlier waves or on none.
      already: names of the variables that had a value, and kept it.
    """

    waves: tuple[tuple[str, ...], ...]
    already: tuple[str, ...]

    @property
    def initialized(self) -> tuple[str, ...]:
        """Names of all variables that got their initial value."""
        return tuple(name for wave in self.waves for name in wave)

    def __str__(self) -> str:
        lines = [f"{len(self.initialized)} initialized, {len(self.already)} had a value already"]
        for number, wave in enumerate(self.waves, 1):
            lines.append(f"  wave {number}: {', '.join(wave)}")
        return joined(lines)


def initialize_uninitialized(
    session: tf.compat.v1.Session,
    variables: Iterable[Any] | None = None,
    *,
    feed_dict: Mapping[Any, Any] | None = None,
) -> InitializationReport:
    """Gives the uninitialized of `variables` their initial values, in order of dependency.

    ``tf.compat.v1.global_variables_initializer`` runs all initializers at once and again: it
    overwrites what was restored, and a value that is computed from another variable's fails, or is
    computed from another draw than the other variable got.

    Args:
      session: the session.
      variables: a query or variables; None for all of the session's graph. What they depend on is
        initialized too.
      feed_dict: what to feed, where initial values depend on placeholders.

    Returns:
      What was initialized, in waves, and what had a value.

    Raises:
      UsageError: something among `variables` is none.
      GraphError: variables without an initializer, that depend on each other in a circle, or on
        placeholders that aren't fed: all of them at once, nothing run. Or the session failed.
    """
    require_session(session)
    known, chosen = _known_and_chosen(session.graph, variables)
    ready = initialized_names(session, known.values())
    needs, problems = _dependencies(chosen, known, ready, frozenset(_fed(feed_dict)))
    waves, circle = _waves(needs)
    problems += [_circular(name, needs, circle) for name in circle]
    if problems:
        raise GraphError.from_problems("variables can't be initialized; nothing was run", problems)
    by_name = {item.name: item for item in known.values()}
    for wave in waves:
        items = [by_name[name] for name in wave]
        Connection(session).run(
            [item.value.initializer for item in items],
            feed_dict=feed_dict,
            items=items,
            action="initializing",
        )
    already = tuple(item.name for item in chosen if item.name in ready)
    return InitializationReport(tuple(waves), already)


def _known_and_chosen(
    graph: tf.Graph, variables: Iterable[Any] | None
) -> tuple[dict[str, GraphItem], list[GraphItem]]:
    """Returns all variables to be had, by the names of their ops, and those to initialize.

    Among `variables` may be some that no collection of `graph` holds.
    """
    filed = [item for item in index_of(graph).items if item.kind == "variable"]
    known = {item.op.name: item for item in filed}
    if variables is None:
        return known, filed
    values = variables_of(variables)
    known = {value.op.name: GraphItem(value) for value in values} | known
    return known, [known[value.op.name] for value in values]


def _fed(feed_dict: Mapping[Any, Any] | None) -> list[str]:
    return [op_name(str(getattr(key, "name", key))) for key in feed_dict or {}]


def _dependencies(
    chosen: Iterable[GraphItem],
    known: Mapping[str, GraphItem],
    ready: frozenset[str],
    fed: frozenset[str],
) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Returns for each variable to initialize those that come before it, and what is wrong."""
    needs: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    waiting = collections.deque(item for item in chosen if item.name not in ready)
    while waiting:
        item = waiting.popleft()
        if item.name in needs:
            continue
        if item.value.initializer is None:
            problems.append(Problem(item.name, "an initializer", "none", remedy="assign a value"))
            needs[item.name] = ()
            continue
        found, placeholders = _ancestors(item, known)
        before = [other for other in found if other.name not in ready]
        needs[item.name] = tuple(other.name for other in before)
        waiting.extend(before)
        lacking = [name for name in placeholders if name not in fed]
        if lacking:
            several = ", ".join(lacking[:5])
            remedy = "give a feed_dict"
            problems.append(Problem(item.name, f"a feed for {several}", "none", remedy=remedy))
    return needs, problems


def _ancestors(
    item: GraphItem, known: Mapping[str, GraphItem]
) -> tuple[list[GraphItem], list[str]]:
    """Returns the variables and the placeholders that the initializer of `item` computes from."""
    initializer = item.value.initializer
    variables: dict[str, GraphItem] = {}
    placeholders: list[str] = []
    seen = {initializer.name}
    # The first input is what the initializer writes to; its value doesn't come from there.
    pending = [tensor.op for tensor in initializer.inputs[1:]] + list(initializer.control_inputs)
    while pending:
        operation = pending.pop()
        if operation.name in seen:
            continue
        seen.add(operation.name)
        if operation.name in known:
            variables[operation.name] = known[operation.name]
        elif operation.type in ("Placeholder", "PlaceholderV2"):
            placeholders.append(operation.name)
        else:
            pending += [tensor.op for tensor in operation.inputs]
            pending += operation.control_inputs
    return list(variables.values()), placeholders


def _waves(needs: Mapping[str, tuple[str, ...]]) -> tuple[list[tuple[str, ...]], list[str]]:
    """Returns names in waves of which each needs only earlier ones, and the rest: a circle."""
    left = dict(needs)
    waves: list[tuple[str, ...]] = []
    while left:
        wave = tuple(name for name, before in left.items() if not any(b in left for b in before))
        if not wave:
            break
        waves.append(wave)
        for name in wave:
            del left[name]
    return waves, list(left)


def _circular(name: str, needs: Mapping[str, tuple[str, ...]], circle: list[str]) -> Problem:
    others = ", ".join(other for other in needs[name] if other in circle)
    remedy = "assign one of them a value first"
    return Problem(name, "to depend on none that depends on it", f"{others}", remedy=remedy)
