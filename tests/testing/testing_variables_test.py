"""assert_variables and assert_no_new_nodes: everything wrong in one message."""

import pytest
import tensorflow as tf

from tf1compat.testing import ExpectedVariable, assert_no_new_nodes, assert_variables

v1 = tf.compat.v1
BOTH = ["trainable_variables", "variables"]


@pytest.fixture
def graph():
    with tf.Graph().as_default() as graph:
        with v1.variable_scope("a"):
            v1.get_variable("w", [2, 3], use_resource=False)
            v1.get_variable("n", [], tf.int32, trainable=False, use_resource=True)
        v1.get_variable("t", [5, 2], partitioner=v1.fixed_size_partitioner(2))
    return graph


RIGHT = {
    "a/w:0": ExpectedVariable((2, 3), tf.float32, BOTH, trainable=True),
    "a/n": ((), "int32"),
    "t/part_0": (3, 2),
    "t/part_1": ((2, 2), tf.float32),
}


def test_right(graph):
    assert_variables(graph, RIGHT)
    with graph.as_default():
        assert_variables(None, RIGHT)


def test_everything_wrong_at_once(graph):
    wrong = {
        "a/w": ExpectedVariable((3, 2), tf.float64, ["variables"], trainable=False),
        "a/m": (),
        "t/part_0": (3, 2),
        "t/part_1": (2, 2),
    }
    with pytest.raises(AssertionError) as caught:
        assert_variables(graph, wrong)
    lines = str(caught.value).splitlines()
    assert lines[0] == "6 difference(s) in the variables"
    assert lines[1].startswith("  missing a/m; nearest: a/")
    assert lines[2] == "  extra a/n: shape (), int32, in variables"
    assert lines[3:] == [
        "  different a/w: shape: expected (3, 2), found (2, 3)",
        "  different a/w: dtype: expected float64, found float32",
        "  different a/w: collections: expected ('variables',), "
        "found ('trainable_variables', 'variables')",
        "  different a/w: trainable: expected False, found True",
    ]


def test_no_new_nodes_names_them(graph):
    with graph.as_default():
        x = tf.constant(1.0, name="x")
        with assert_no_new_nodes():
            v1.get_variable_scope()
        with pytest.raises(AssertionError, match=r"1 new node\(s\)[^$]*twice \(AddV2\)"):
            with assert_no_new_nodes(graph):
                tf.add(x, x, name="twice")


def test_an_error_inside_is_not_hidden(graph):
    with pytest.raises(KeyError, match="raised inside"):
        with assert_no_new_nodes(graph):
            raise KeyError("raised inside")
