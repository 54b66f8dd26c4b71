"""Variables of which a graph uses rows alone, and where it uses each."""

import pytest
import tensorflow as tf

from tf1compat.checkpoint import read_meta

v1 = tf.compat.v1
ROWS = 3


def by_number(w):
    return [w[n] for n in range(ROWS)]


def from_the_end(w):
    return [w[n - ROWS] for n in range(ROWS)]


def with_an_axis(w):
    return [tf.squeeze(w[n : n + 1], [0]) for n in range(ROWS)]


def gathered(w):
    return [tf.gather(w, n) for n in range(ROWS)]


def gathered_as_one(w):
    return [tf.gather(w, [n]) for n in range(ROWS)]


def a_range(w):
    return [w[n // 2 : n // 2 + 2] for n in range(ROWS - 1)]


def columns(w):
    return [w[:, n] for n in range(ROWS)]


def two(w):
    return [w[0], w[1], w[1]]


def by_a_tensor(w):
    return [w[v1.placeholder(tf.int32, [])] for _ in range(ROWS)]


TAKEN = ("net/layer_0", "net/layer_1", "net/layer_2")


def scopes(rows):
    return {name: tuple(row.scope for row in every) for name, every in rows.items()}


@pytest.fixture
def rows_of(tmp_path):
    def read(take, *, resource=True, more=lambda w: None):
        with tf.Graph().as_default(), v1.variable_scope("net", use_resource=resource):
            w = v1.get_variable("w", [ROWS, ROWS], initializer=v1.ones_initializer())
            x = v1.placeholder(tf.float32, [ROWS, ROWS])
            for number, row in enumerate(take(w)):
                with v1.variable_scope(f"layer_{number}"):
                    x = tf.tanh(x) * tf.reduce_sum(row * row) + tf.reduce_sum(tf.exp(row))
            more(w)
            v1.train.Saver([w])
            v1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(x))
            path = str(tmp_path / "graph.meta")
            v1.train.export_meta_graph(path)
        return read_meta(path).uses.rows

    return read


@pytest.mark.parametrize("take", [by_number, from_the_end, tf.unstack, with_an_axis, gathered])
@pytest.mark.parametrize("resource", [True, False])
def test_rows_that_are_taken_one_by_one(take, resource, rows_of):
    assert scopes(rows_of(take, resource=resource)) == {"net/w": TAKEN}


@pytest.mark.parametrize("take", [a_range, columns, two, by_a_tensor, gathered_as_one])
def test_other_parts_are_no_rows(take, rows_of):
    assert rows_of(take) == {}


MORE = {"decay": (tf.nn.l2_loss, True), "read_whole": (lambda w: tf.exp(w), False)}


@pytest.mark.parametrize("name", MORE)
def test_what_is_used_whole_is_not_taken_apart(name, rows_of):
    """But for a number about all of it, such as a weight decay."""
    more, taken = MORE[name]
    assert scopes(rows_of(by_number, more=more)) == ({"net/w": TAKEN} if taken else {})
