"""A test case for graph-mode code: a fresh graph, seed and session for every test."""

from __future__ import annotations

import contextlib
import os
import unittest
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf1compat.graph import initialize_uninitialized
from tf1compat.graph.items import GraphItem, PartInfo, is_partitioned, join_parts
from tf1compat.graph.types import DTypeLike, FeedDict, Fetches, Nested, TensorLike
from tf1compat.testing._elements import Tolerance
from tf1compat.testing.arrays import differences
from tf1compat.testing.golden import assert_matches_golden
from tf1compat.testing.variables import Expectation, assert_no_new_nodes, assert_variables

__all__ = ["GraphTestCase"]

v1 = tf.compat.v1


class GraphTestCase(unittest.TestCase):
    """A base for tests of graph-mode code, under unittest, absltest (mixed in) or pytest.

    Each test runs inside a graph of its own, with a graph-level seed. A session over that graph is
    opened when it is first used and closed after the test. No switch of the process is touched
    (eager execution stays as it was outside).

        class TowerTest(GraphTestCase):
            def test_output(self):
                y = tower(tf.ones([2, 3]))
                self.initialize()
                self.assert_all_close(y, np.zeros([2, 1]))

    A subclass with a ``setUp`` of its own calls ``super().setUp()`` first.

    Attributes:
      seed: the graph's and the generator's seed; set it in the class for another.
      graph: the test's ``tf.Graph``, the default one while it runs.
      rng: a ``numpy.random.Generator``, seeded.
    """

    seed: int = 1234
    graph: tf.Graph
    rng: np.random.Generator

    def setUp(self) -> None:
        """Makes the graph the default one; runs before each test."""
        super().setUp()
        self._session: tf.compat.v1.Session | None = None
        self.graph = tf.Graph()
        self.rng = np.random.default_rng(self.seed)
        contexts = contextlib.ExitStack()
        contexts.enter_context(self.graph.as_default())
        self.addCleanup(contexts.close)
        self.addCleanup(self._close_session)
        v1.set_random_seed(self.seed)

    @property
    def session(self) -> tf.compat.v1.Session:
        """The test's session over :attr:`graph`, opened at its first use."""
        if self._session is None:
            self._session = v1.Session(graph=self.graph)
        return self._session

    def _close_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def initialize(self) -> None:
        """Initializes all variables, each after those it depends on, and tables in the session.

        Variables that have a value keep it.
        """
        initialize_uninitialized(self.session)
        tables = self.graph.get_collection(v1.GraphKeys.TABLE_INITIALIZERS)
        self.session.run(tables)

    def evaluate(self, fetches: Fetches, feed_dict: FeedDict | None = None) -> Any:
        """Returns the values of `fetches`; what isn't of the graph is returned as it is.

        Args:
          fetches: a tensor, variable, operation, array or number, or dicts and lists of them.
          feed_dict: as ``tf.compat.v1.Session.run`` takes it.
        """
        flat: list[Any] = []
        shape = _strip(fetches, flat)
        values = self.session.run(flat, feed_dict) if flat else []
        return _fill(shape, values)

    def assert_all_equal(self, actual: Nested, expected: Nested) -> None:
        """Asserts equal shapes, kinds of dtype and elements; evaluates what is of the graph."""
        self._compare(actual, expected, rtol=0.0, atol=0.0)

    def assert_all_close(
        self, actual: Nested, expected: Nested, rtol: float = 1e-6, atol: float = 1e-6
    ) -> None:
        """Asserts equal shapes and elements within ``atol + rtol * abs(expected)``."""
        self._compare(actual, expected, rtol=rtol, atol=atol)

    def assert_shape(self, value: TensorLike, shape: Sequence[int | None]) -> None:
        """Asserts a static (of a tensor) or real (of an array) shape; None is unknown."""
        found = getattr(value, "shape", None)
        static = tf.TensorShape(np.asarray(value).shape if found is None else found)
        actual = None if static.rank is None else static.as_list()
        if actual != list(shape):
            self.fail(f"expected shape {list(shape)}, found {actual}")

    def assert_dtype(self, value: TensorLike, dtype: DTypeLike) -> None:
        """Asserts the dtype of a tensor, variable or array."""
        found = getattr(value, "dtype", None)
        actual = tf.as_dtype(np.asarray(value).dtype if found is None else found).base_dtype
        if actual != tf.as_dtype(dtype):
            self.fail(f"expected dtype {tf.as_dtype(dtype).name}, found {actual.name}")

    def assert_finite(self, value: Nested) -> None:
        """Asserts that there is neither NaN nor infinity in `value`."""
        array = np.asarray(self.evaluate(value))
        bad = np.argwhere(~np.isfinite(array.astype(np.float64)))
        if len(bad):
            first = tuple(int(i) for i in bad[0])
            self.fail(f"{len(bad)} of {array.size} elements aren't finite; first at {first}")

    def assert_variables(
        self,
        graph: tf.Graph | Mapping[str, Expectation],
        expected: Mapping[str, Expectation] | None = None,
    ) -> None:
        """Asserts which variables there are; see :func:`tf1compat.testing.assert_variables`.

        The graph may be left out: ``self.assert_variables({"w": (2, 3)})``.
        """
        if isinstance(graph, Mapping):
            assert_variables(self.graph, graph)
        else:
            assert_variables(graph, {} if expected is None else expected)

    def assert_no_new_nodes(
        self, graph: tf.Graph | None = None
    ) -> contextlib.AbstractContextManager[None]:
        """Returns a context that fails if `graph` (the test's own by default) gains a node."""
        return assert_no_new_nodes(self.graph if graph is None else graph)

    def assert_matches_golden(
        self,
        values: Mapping[str, TensorLike],
        path: str | os.PathLike[str],
        *,
        rtol: float = 0.0,
        atol: float = 0.0,
        command: str = "",
    ) -> None:
        """Asserts that `values`, evaluated, are the recorded ones; prints how to record anew."""
        evaluated = self.evaluate(dict(values))
        assert_matches_golden(evaluated, path, rtol=rtol, atol=atol, command=command)

    # tf.test.TestCase's own spelling, for tests that move here.
    assertAllEqual = assert_all_equal  # noqa: N815
    assertAllClose = assert_all_close  # noqa: N815

    def _compare(self, actual: Nested, expected: Nested, *, rtol: float, atol: float) -> None:
        found, wanted = self.evaluate((actual, expected))
        lines = differences(found, wanted, Tolerance(rtol, atol))
        if lines:
            self.fail("\n".join(lines))


class _Fetched:
    """The place of a fetched value in the list of all."""

    def __init__(self, place: int) -> None:
        self.place = place


class _Parts:
    """The parts of a partitioned variable, joined here as joining in the graph makes nodes."""

    def __init__(self, infos: list[PartInfo | None], places: list[_Fetched]) -> None:
        self.infos = [info for info in infos if info is not None]
        self.places = places


def _is_fetchable(value: Any) -> bool:
    kinds = (tf.Tensor, tf.Operation, tf.Variable, tf.SparseTensor, tf.IndexedSlices)
    return isinstance(value, kinds)


def _strip(value: Any, flat: list[Any]) -> Any:
    """Returns `value` with its fetchable leaves moved to `flat`."""
    if _is_fetchable(value):
        flat.append(value)
        return _Fetched(len(flat) - 1)
    if is_partitioned(value):
        return _Parts([GraphItem(part).part for part in value], _strip(list(value), flat))
    if isinstance(value, Mapping):
        return {key: _strip(one, flat) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return _rebuilt(value, [_strip(one, flat) for one in value])
    return value


def _rebuilt(like: Any, values: list[Any]) -> Any:
    """Returns `values` as a list, a tuple or a named tuple (an LSTM's state), as `like` is."""
    if isinstance(like, list):
        return values
    return type(like)(*values) if hasattr(like, "_fields") else tuple(values)


def _fill(shape: Any, values: Sequence[Any]) -> Any:
    if isinstance(shape, _Fetched):
        return values[shape.place]
    if isinstance(shape, _Parts):
        arrays = [values[fetched.place] for fetched in shape.places]
        return join_parts(list(zip(shape.infos, arrays, strict=True)))
    if isinstance(shape, dict):
        return {key: _fill(one, values) for key, one in shape.items()}
    if isinstance(shape, list | tuple):
        return _rebuilt(shape, [_fill(one, values) for one in shape])
    return shape
