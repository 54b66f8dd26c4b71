"""Pairs that went wrong in some way, with the v1 graph beside: what is accepted computes the same.

The model or the values differ from what the graph computes. Either nothing is decided, or the proof
says that it doesn't agree, or the outputs are those of the graph.
"""

import os

import keras
import numpy as np
import pytest
import tensorflow as tf
from shares import share

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.graph import layers, rnn_cell
from tf1compat.keras3 import index_model
from tf1compat.migration import convert, plan_migration, prove
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1
NAMES = ("first", "second", "left", "right")
X = np.random.default_rng(7).normal(size=(4, 3, 6)).astype(np.float32)


def _program(x):
    """Two branches of one shape, a norm, a cell, and a chain of equal layers."""
    h = layers.dense(x, 6, activation=tf.nn.gelu, name="first")
    h = layers.dense(h, 6, activation=tf.nn.relu, name="second")
    a = layers.dense(h, 6, activation=tf.nn.tanh, name="left")
    b = layers.dense(h, 6, activation=tf.nn.sigmoid, name="right")
    h = layers.batch_normalization(a - 2 * b, epsilon=0.1, name="norm")
    cell = rnn_cell.BasicLSTMCell(6, forget_bias=0.5)
    outputs, _ = v1.nn.static_rnn(cell, tf.unstack(h, axis=1), dtype=tf.float32)
    return layers.dense(outputs[-1], 2, name="head")


def _model(
    *,
    names=("first", "second", "left", "right"),
    traded=False,
    gelu="erf",
    relu="relu",
    epsilon=0.1,
    sign=-2.0,
):
    x = keras.Input((3, 6), name="x")
    first, second, left, right = (keras.layers.Dense(6, name=name) for name in names)
    h = keras.ops.gelu(first(x), approximate=gelu != "erf")
    h = keras.layers.Activation(relu)(second(h))
    if traded:
        left, right = right, left
    a, b = keras.ops.tanh(left(h)), keras.ops.sigmoid(right(h))
    h = keras.layers.BatchNormalization(epsilon=epsilon, name="norm")(a + sign * b)
    h = keras.layers.LSTM(6, name="rnn")(h)
    return keras.Model(x, keras.layers.Dense(2, name="head")(h))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Returns the prefix of the program's checkpoint, and what it computes of X."""
    folder = tmp_path_factory.mktemp("program")
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3, 6], "x")
        y = tf.identity(_program(x), name="y")
        for seed, variable in enumerate(v1.global_variables()):
            shape = variable.shape.as_list()
            variable.load(np.random.default_rng(seed).uniform(0.2, 1.0, size=shape), session)
        v1.train.Saver().save(session, os.fspath(folder / "model.ckpt"))
        return folder / "model.ckpt", session.run(y, {x: X})


def _changed(prefix, folder, change):
    """Returns the prefix of the checkpoint with other values under the same graph."""
    values = {name: entry.read() for name, entry in open_checkpoint(prefix).items()}
    write_checkpoint(os.fspath(folder / "model.ckpt"), change(values))
    graph = prefix.with_name("model.ckpt.meta").read_bytes()
    (folder / "model.ckpt.meta").write_bytes(graph)
    return folder / "model.ckpt"


MODELS = {
    "as it is": {},
    "tanh gelu": {"gelu": "tanh"},
    "another activation": {"relu": "elu"},
    "another epsilon": {"epsilon": 0.001},
    "another sign": {"sign": 2.0},
    "branches traded": {"traded": True},
    "branches named like each other": {"names": ("first", "second", "right", "left")},
    "layers named like each other": {"names": ("second", "first", "left", "right")},
    "names that say nothing": {"names": ("qa", "qb", "qc", "qd")},
    "automatic names": {"names": (None, None, None, None)},
    "branches traded without names": {"names": ("qa", "qb", "qc", "qd"), "traded": True},
}


@pytest.mark.parametrize("name", share(MODELS, 3))
def test_what_is_accepted_computes_the_same(name, written):
    prefix, expected = written
    keras.utils.clear_session()
    index = index_model(_model(**MODELS[name]))
    plan = plan_migration(prefix, index)
    accepted = plan.complete and prove(plan, index).agrees
    if name == "as it is":
        assert accepted
    if accepted:
        convert(plan, index)
        found = keras.ops.convert_to_numpy(index.model(X))
        assert_arrays_close(found, expected, of_largest=1e-5)


def _traded(values, one, other):
    return {n: values[n.replace(one, "?").replace(other, one).replace("?", other)] for n in values}


@pytest.fixture(scope="module")
def index():
    keras.utils.clear_session()
    return index_model(_model())


@pytest.mark.parametrize(
    "change",
    [
        lambda values: _traded(values, "left", "right"),
        lambda values: _traded(values, "first", "second"),
        lambda values: values | {"first/kernel": values["first/kernel"].T.copy()},
        lambda values: {n: np.roll(v, 6, -1) if "lstm" in n else v for n, v in values.items()},
        lambda values: values | {"norm/gamma": values["norm/beta"]},
    ],
    ids=["scopes swapped", "layers swapped", "transposed", "gates rolled", "gamma lost"],
)
def test_other_values_go_where_the_graph_has_them(change, written, index, tmp_path):
    """Values under the same names: whatever they are, the graph computes with them too."""
    prefix = _changed(written[0], tmp_path, change)
    plan = plan_migration(prefix, index)
    assert plan.complete
    assert prove(plan, index).agrees


@pytest.mark.parametrize("lost", ["second/kernel", "norm/moving_mean", "rnn/basic_lstm_cell/bias"])
def test_a_variable_that_is_lost_completes_nothing(lost, written, index, tmp_path):
    prefix = _changed(written[0], tmp_path, lambda v: {n: x for n, x in v.items() if n != lost})
    assert not plan_migration(prefix, index).complete
