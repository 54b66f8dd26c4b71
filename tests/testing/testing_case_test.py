"""GraphTestCase under unittest, absltest and pytest, and what its assertions say."""

import collections
import textwrap
import unittest

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.testing import GraphTestCase, assert_arrays_equal

v1 = tf.compat.v1

_PROGRAM = """
import numpy as np
import tensorflow as tf
from tf1compat.testing import GraphTestCase, assert_arrays_equal
{imports}

class Mine({bases}):
    def test_one(self):
        w = tf.compat.v1.get_variable("w", [2, 3], initializer=tf.compat.v1.zeros_initializer())
        self.initialize()
        self.assert_all_equal(w, np.zeros([2, 3], np.float32))
        self.assert_variables({{"w": (2, 3)}})
        assert tf.compat.v1.get_default_graph() is self.graph

    def test_two_has_a_graph_of_its_own(self):
        self.assert_variables({{}})
        assert not self.graph.get_operations()

    def test_wrong(self):
        self.assert_all_close(tf.ones([2]), [1.0, 3.0])

{main}
"""
_STYLES = {
    "unittest": ("import unittest", "GraphTestCase", "unittest.main()"),
    "absltest": (
        "from absl.testing import absltest",
        "GraphTestCase, absltest.TestCase",
        "absltest.main()",
    ),
    "pytest": (
        "import pytest",
        "GraphTestCase",
        'raise SystemExit(pytest.main(["-q", "-p", "no:cacheprovider", __file__]))',
    ),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory, forker):
    """Returns the status and output of the program under each runner, by style."""
    paths = {style: tmp_path_factory.mktemp(style) / "mine_test.py" for style in _STYLES}
    for style, (imports, bases, main) in _STYLES.items():
        paths[style].write_text(
            textwrap.dedent(_PROGRAM).format(
                imports=imports, bases=bases, main=f'if __name__ == "__main__":\n    {main}'
            )
        )
    started = {style: forker.start(p, output=f"{p}.out") for style, p in paths.items()}
    return {style: (forker.wait(started[style]), output_of(path)) for style, path in paths.items()}


def output_of(path):
    return path.with_name("mine_test.py.out").read_text()


@pytest.mark.parametrize("style", _STYLES)
def test_runs_under_every_runner(outcomes, style):
    status, output = outcomes[style]
    assert status == 1, output
    assert "1 of 2 elements differ, by at most 2" in output
    assert "1 failed, 2 passed" in output if style == "pytest" else "failures=1" in output, output
    assert "errors=" not in output


class SeedTest(GraphTestCase):
    drawn: list = []

    def _draw(self):
        values = (self.evaluate(tf.random.normal([3])), self.rng.normal())
        self.drawn.append(values)
        assert repr(values) == repr(self.drawn[0])

    def test_draw_one(self):
        self._draw()

    def test_draw_two(self):
        self._draw()


class AssertionsTest(GraphTestCase):
    def fails(self, pattern, function, *args, **kwargs):
        with pytest.raises(AssertionError, match=pattern):
            function(*args, **kwargs)

    def test_shapes_are_not_broadcast(self):
        self.fails(r"expected shape \(\), found \(2,\)", self.assert_all_close, tf.zeros([2]), 0.0)

    def test_nested_values_report_each_difference(self):
        actual = {"a": tf.ones([2]), "b": [np.zeros(2), np.zeros(3)]}
        expected = {"a": np.ones(2), "b": [np.ones(2), np.zeros(2)], "c": 1}
        with pytest.raises(AssertionError) as caught:
            self.assert_all_equal(actual, expected)
        text = str(caught.value)
        assert "['b'][0]: 2 of 2 elements differ" in text
        assert "['b'][1]: expected shape (2,), found (3,)" in text
        assert "['c']: missing" in text
        assert "['a']" not in text

    def test_kinds_of_dtype_matter(self):
        self.fails("expected dtype", self.assert_all_equal, np.ones(2), np.ones(2, np.int32))
        self.assert_all_equal(tf.constant([1.0, 2.0]), [1, 2])
        self.assert_all_equal(tf.constant(["a", "b"]), ["a", "b"])
        self.fails("1 of 2 elements", self.assert_all_equal, tf.constant(["a", "b"]), ["a", "c"])

    def test_nan_equals_nan_only(self):
        self.assert_all_equal(np.array([np.nan, 1.0]), np.array([np.nan, 1.0]))
        self.fails("at \\(0,\\)", self.assert_all_close, np.array([np.nan]), np.array([1.0]))
        self.fails("first at \\(1,\\)", self.assert_finite, tf.constant([0.0, float("inf")]))

    def test_low_precision_values_compare_widened(self):
        self.assert_all_close(tf.constant([1.0, 2.0], tf.bfloat16), [1.0, 2.0])

    def test_shape_and_dtype(self):
        x = v1.placeholder(tf.float32, [None, 3])
        self.assert_shape(x, [None, 3])
        self.fails(r"expected shape \[2, 3\], found \[None, 3\]", self.assert_shape, x, [2, 3])
        self.assert_dtype(v1.get_variable("r", [1], use_resource=False), tf.float32)
        self.fails("expected dtype int32, found float32", self.assert_dtype, x, tf.int32)

    def test_partitioned_variable_is_joined_without_a_node(self):
        partitioner = v1.fixed_size_partitioner(2)
        v1.get_variable("p", initializer=tf.range(5.0), partitioner=partitioner)
        with v1.variable_scope("", reuse=True):
            whole = v1.get_variable("p", [5], partitioner=partitioner)
        self.initialize()
        with self.assert_no_new_nodes():
            self.assert_all_equal(whole, np.arange(5, dtype=np.float32))

    def test_evaluate_keeps_the_nesting(self):
        State = collections.namedtuple("State", "c h")
        found = self.evaluate({"state": State(tf.ones([2]), 3), "pair": (tf.zeros([]), ["text"])})
        assert found["state"].h == 3
        assert_arrays_equal(found["state"].c, np.ones(2, np.float32))
        assert found["pair"] == (0.0, ["text"])

    def test_tensorflows_own_spelling(self):
        self.assertAllEqual(tf.zeros([2]), np.zeros(2))
        self.assertAllClose(tf.zeros([2]), np.zeros(2))


class EagerIsUntouchedTest(unittest.TestCase):
    def test_eager_execution_survives(self):
        class Inner(GraphTestCase):
            def test_it(self):
                assert not tf.executing_eagerly()

        result = unittest.TestResult()
        Inner("test_it").run(result)
        assert result.wasSuccessful(), result.failures + result.errors
        assert tf.executing_eagerly()
