"""Which tensors a graph likely gives: of programs as written, the outputs that they mean."""

import pathlib

import pytest
import tensorflow as tf

from tf1compat.migration.verification.reference.graph_file import read_graph
from tf1compat.migration.verification.reference.likely_ends import aside_of
from tf1compat.migration.verification.reference.summary import summarize_graph

v1 = tf.compat.v1
GOLDENS = pathlib.Path(__file__).parents[3] / "goldens"


def arrays(graph):
    """Returns the likely outputs that are arrays."""
    return [
        one.name.removesuffix(":0") for one in summarize_graph(graph).outputs if one.shape != ()
    ]


def weight(name, *shape):
    return tf.Variable(tf.ones(shape), name=name, use_resource=False)


@pytest.fixture
def built(tmp_path):
    """Returns a function that builds a graph and reads it from its file."""

    def save(build):
        with tf.Graph().as_default():
            build()
            v1.train.export_meta_graph(str(tmp_path / "model.meta"))
        return read_graph(tmp_path / "model.meta")

    return save


def two_inputs_and_a_loss_by_hand():
    x, more = (v1.placeholder(tf.float32, [None, 2], name) for name in ("x", "more"))
    labels = v1.placeholder(tf.float32, [None, 2], "labels")
    hidden = x @ weight("w", 2, 2) + more @ weight("v", 2, 2)
    y = tf.identity(tf.nn.relu(hidden) @ weight("u", 2, 2), "y")
    tf.reduce_mean(tf.square(y - labels), name="cost")


def classes_and_scores():
    x = v1.placeholder(tf.float32, [None, 2], "x")
    labels = v1.placeholder(tf.int32, [None], "labels")
    y = tf.matmul(x, weight("w", 2, 3), name="scores")
    tf.argmax(y, 1, name="classes")
    v1.losses.sparse_softmax_cross_entropy(labels, y)


def a_dropout_that_trains():
    x = v1.placeholder(tf.float32, [None, 2], "x")
    hidden = tf.matmul(x, weight("w", 2, 3), name="hidden")
    draw = v1.random_uniform(tf.shape(hidden), name="draw")
    mask = tf.floor(draw + 0.5, name="mask")
    tf.matmul(tf.math.divide(hidden, 0.5) * mask, weight("v", 3, 2), name="y")


def labels_that_weights_follow():
    """As the score of a tagged sequence does, by its transitions."""
    x = v1.placeholder(tf.float32, [None, 2], "x")
    tags = v1.placeholder(tf.int32, [None], "tags")
    scores = tf.matmul(x, weight("w", 2, 3), name="scores")
    moves = tf.gather(weight("moves", 3, 3), tags)
    tf.reduce_sum(scores * moves, name="cost")


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (two_inputs_and_a_loss_by_hand, ["y"]),
        (classes_and_scores, ["scores", "classes"]),
        (a_dropout_that_trains, ["y"]),
        (labels_that_weights_follow, ["scores", "Gather"]),
    ],
)
def test_ends_are_outputs_and_not_what_is_on_the_way(built, build, expected):
    assert arrays(built(build)) == expected


def test_all_inputs_of_bert_are_inputs():
    graph = read_graph(GOLDENS / "bert" / "model.ckpt.meta")
    assert arrays(graph) == ["sequence", "pooled", "mlm_logits", "nsp_logits"]


def test_states_of_loops_are_left_over_beside_outputs():
    graph = read_graph(GOLDENS / "cells" / "conv_lstm_2d_looped" / "model.ckpt.meta")
    ends = arrays(graph)
    assert aside_of(graph.graph_def, ends) == ["rnn/while/Exit_3", "rnn/while/Exit_4"]
    assert ends[-1] == "y"


def test_what_has_a_name_of_its_own_or_weights_of_its_own_is_not():
    """A GAN's images lead on to what judges them."""
    graph = read_graph(GOLDENS / "gan" / "model.ckpt.meta")
    assert aside_of(graph.graph_def, arrays(graph)) == []
