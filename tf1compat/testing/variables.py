"""Asserting which variables a graph holds, and that it gains no node."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import tensorflow as tf

from tf1compat.graph import GraphItem, query
from tf1compat.graph.types import DTypeLike
from tf1compat.names import nearest_names, strip_output

__all__ = ["Expectation", "ExpectedVariable", "assert_no_new_nodes", "assert_variables"]

_SHOWN = 20


@dataclasses.dataclass(frozen=True)
class ExpectedVariable:
    """What a variable should be like; None means that it isn't checked.

    Attributes:
      shape: its static shape, with None for an unknown dimension.
      dtype: anything that ``tf.as_dtype`` takes.
      collections: keys of all the collections that should hold it, no more and no fewer.
      trainable: whether it should be in TRAINABLE_VARIABLES.
    """

    shape: Sequence[int | None] | None = None
    dtype: DTypeLike | None = None
    collections: Collection[str] | None = None
    trainable: bool | None = None


_Sizes: TypeAlias = Sequence[int | None]
Expectation: TypeAlias = ExpectedVariable | _Sizes | tuple[_Sizes, DTypeLike]
"""What is expected of a variable: all, its shape, or its shape and its dtype."""


def assert_variables(graph: tf.Graph | None, expected: Mapping[str, Expectation]) -> None:
    """Asserts that the collections of `graph` hold exactly the variables `expected`.

    Args:
      graph: a graph, None for the default one.
      expected: by name (``:0`` allowed; a partitioned variable by its parts): an
        :class:`ExpectedVariable`, a shape, or a pair of a shape and a dtype.

    Raises:
      AssertionError: missing, extra and different variables, all of them in one message.
    """
    wanted = {strip_output(name): _expectation(value) for name, value in expected.items()}
    items = {item.name: item for item in query(graph).result().items}
    lines = [_missing(name, items) for name in wanted if name not in items]
    lines += [
        f"extra {name}: shape {item.shape}, {_dtype(item)}, in {', '.join(item.collections)}"
        for name, item in items.items()
        if name not in wanted
    ]
    for name, expectation in wanted.items():
        if name in items:
            lines += [f"different {name}: {text}" for text in _unlike(items[name], expectation)]
    if lines:
        raise AssertionError(_message(f"{len(lines)} difference(s) in the variables", lines))


@contextlib.contextmanager
def assert_no_new_nodes(graph: tf.Graph | None = None) -> Iterator[None]:
    """Asserts, as a context, that what is done inside adds no operation to `graph`.

    Raises:
      AssertionError: operations were added; the message names them and their types.
    """
    graph = tf.compat.v1.get_default_graph() if graph is None else graph
    before = len(graph.get_operations())
    yield
    added = graph.get_operations()[before:]
    if added:
        lines = [f"{operation.name} ({operation.type})" for operation in added]
        raise AssertionError(_message(f"{len(added)} new node(s) in the graph", lines))


def _expectation(value: Any) -> ExpectedVariable:
    if isinstance(value, ExpectedVariable):
        return value
    pair = isinstance(value, Sequence) and len(value) == 2
    if pair and isinstance(value[0], list | tuple | tf.TensorShape):
        return ExpectedVariable(shape=tuple(value[0]), dtype=value[1])
    return ExpectedVariable(shape=tuple(value))


def _missing(name: str, items: Mapping[str, GraphItem]) -> str:
    near = ", ".join(nearest_names(name, items))
    return f"missing {name}" + (f"; nearest: {near}" if near else "; the graph has none")


def _unlike(item: GraphItem, expected: ExpectedVariable) -> list[str]:
    found: list[tuple[str, object, object]] = []
    if expected.shape is not None:
        found.append(("shape", tuple(expected.shape), item.shape))
    if expected.dtype is not None:
        found.append(("dtype", tf.as_dtype(expected.dtype).name, _dtype(item)))
    if expected.collections is not None:
        found.append(("collections", tuple(sorted(expected.collections)), item.collections))
    if expected.trainable is not None:
        found.append(("trainable", expected.trainable, item.trainable))
    return [f"{what}: expected {want}, found {got}" for what, want, got in found if want != got]


def _dtype(item: GraphItem) -> str:
    return item.dtype.name if item.dtype is not None else "no dtype"


def _message(headline: str, lines: Sequence[str]) -> str:
    shown = [f"  {line}" for line in lines[:_SHOWN]]
    more = [f"  ... and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n".join([headline, *shown, *more])
