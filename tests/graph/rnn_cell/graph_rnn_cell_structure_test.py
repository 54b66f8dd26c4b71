"""Nested states: traversals, zero states, the LSTM's pair."""

import collections

import pytest
import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.rnn_cell import LSTMStateTuple
from tf1compat.graph.rnn_cell._structure import enumerated_map_up_to, rebuild, shallow_structure
from tf1compat.graph.rnn_cell.state_tuple import columns, static_size, zero_state_tensors

Point = collections.namedtuple("Point", ("x", "y"))


def test_rebuild_keeps_the_type():
    assert rebuild(Point(1, 2), [3, 4]) == Point(3, 4)
    assert rebuild([1, 2], [3, 4]) == [3, 4]
    assert rebuild({"b": 1, "a": 2}, [3, 4]) == {"a": 3, "b": 4}


def test_shallow_structure_stops_where_the_visitor_says():
    state = (Point(1, 2), [3, (4, 5)], 6)

    def visit(level):
        return Point(False, True) if isinstance(level, Point) else not isinstance(level, list)

    assert shallow_structure(visit, state) == (Point(False, True), False, True)
    assert shallow_structure(lambda level: True, state) == (
        Point(True, True),
        [True, (True, True)],
        True,
    )
    assert shallow_structure(lambda level: False, state) is False


@pytest.mark.parametrize("answer", ["yes", None])
def test_shallow_structure_wants_booleans(answer):
    with pytest.raises(TypeError, match=r"visitor returned .* not a bool"):
        shallow_structure(lambda level: answer, 1)
    with pytest.raises(TypeError, match="below its first level, not a bool"):
        shallow_structure(lambda level: [answer or 3], [1])


def test_enumerated_map_numbers_the_leaves_in_order():
    found = enumerated_map_up_to(
        (1, {"b": 2, "a": 3}),
        lambda i, a, b: (i, a, b),
        (1, {"b": 2, "a": 3}),
        ("x", {"b": "y", "a": "z"}),
    )
    assert found == ((0, 1, "x"), {"a": (1, 3, "z"), "b": (2, 2, "y")})


def test_enumerated_map_names_the_structure_that_is_too_narrow():
    with pytest.raises(UsageError, match="expected a structure of 2 parts"):
        enumerated_map_up_to((1, 2), lambda i, a: a, (1, 2, 3))
    with pytest.raises(UsageError, match="expected a structure of 2 parts"):
        enumerated_map_up_to((1, 2), lambda i, a: a, 5)


def test_zero_state_of_known_size_is_one_constant():
    with tf.Graph().as_default() as graph:
        zeros = zero_state_tensors(LSTMStateTuple(3, tf.TensorShape([2, 2])), 5, dtype=tf.float64)
        assert [z.shape.as_list() for z in zeros] == [[5, 3], [5, 2, 2]]
        assert {z.dtype for z in zeros} == {tf.float64}
        assert [op.type for op in graph.get_operations()] == ["Const", "Const"]


def test_zero_state_follows_a_fed_batch_size():
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        batch = v1.placeholder(tf.int32, [])
        zeros = zero_state_tensors(3, batch, dtype=tf.float32)
        assert zeros.shape.as_list() == [None, 3]
        assert session.run(zeros, {batch: 4}).shape == (4, 3)
        leading = zero_state_tensors(tf.constant(3), tf.constant([4, 2]), dtype=tf.float32)
        assert leading.shape.as_list() == [4, 2, 3]


def test_zero_state_of_unknown_size_says_which():
    with tf.Graph().as_default():
        with pytest.raises(UsageError, match="Provided a prefix or suffix of None: None"):
            zero_state_tensors(3, None, dtype=tf.float32)
        with pytest.raises(UsageError, match="prefix tensor must be either a scalar or vector"):
            zero_state_tensors(3, tf.constant([[1]]), dtype=tf.float32)


def test_state_tuple_dtype():
    with tf.Graph().as_default():
        one, two = tf.zeros([2]), tf.zeros([2], tf.float64)
        assert LSTMStateTuple(one, one).dtype == tf.float32
        with pytest.raises(TypeError, match="Inconsistent internal state"):
            _ = LSTMStateTuple(one, two).dtype


def test_columns_and_static_size():
    with tf.Graph().as_default():
        assert columns(tf.zeros([2, 5]), 1, size=3).shape.as_list() == [2, 3]
        assert static_size(tf.TensorShape([None, 4]), 0) is None
        assert static_size((2, 4), -1) == 4
