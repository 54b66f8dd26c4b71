"""A frozen graph of TensorFlow 1.15.5 on a Keras model: planned by the graph, proved by it."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.migration import (
    convert,
    lint,
    load_recording,
    plan_migration,
    prove,
    record_graph,
    verify,
)
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_close

FOLDER = pathlib.Path(__file__).parents[1] / "goldens" / "frozen"
# Which parts are of one variable a frozen graph doesn't say.
PARTS = Rule(source=r"net/parts/part_(\d+)", target="mixed/kernel", layout="concatenate(0)")
layers = keras.layers


class Scaled(layers.Layer):
    """Multiplies by one number that is learned."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(), name="scale")

    def call(self, x):
        return x * self.scale


def model():
    ids = keras.Input((3,), dtype="int32", name="ids")
    x = layers.Flatten()(layers.Embedding(5, 4, name="words")(ids))
    x = layers.Dense(6, activation="relu", name="hidden")(x)
    x = layers.BatchNormalization(epsilon=1e-3, name="norm")(x)
    x = layers.Dense(4, use_bias=False, name="mixed")(x)
    x = layers.Rescaling([1.0, 2.0, 3.0, 4.0])(x)
    return keras.Model(ids, Scaled(name="times")(layers.Dense(2, name="scores")(x)))


@pytest.fixture(scope="module")
def recording():
    return load_recording(FOLDER / "io.npz")


@pytest.mark.parametrize(
    "name", ["reference.pb", "reference.pbtxt", "resource.pb", "embedded.meta", "saved_model"]
)
def test_it_is_planned_and_proved(name, recording):
    net = model()
    plan = plan_migration(FOLDER / name, net, [PARTS])
    assert plan.complete, str(plan)
    proof = prove(plan, net)
    assert proof.agrees
    assert {status.name for status in proof.lines.values()} == {"PROVED"}
    assert not [one for one in lint(plan, net).findings if one.effect == "outputs"]
    convert(plan, net)
    verify(plan, net).require_equal()
    (expected,) = recording.outputs.values()
    assert_arrays_close(net(recording.inputs["ids"]), expected, of_largest=1e-5)


def test_the_graph_runs_on_recorded_inputs(recording):
    found = record_graph(FOLDER / "resource.pb", inputs=recording.inputs, outputs=["net/y"])
    assert_arrays_close(found.outputs["net/y"], next(iter(recording.outputs.values())), atol=1e-6)


def test_signatures_of_a_frozen_saved_model_name_its_tensors(recording):
    inputs = {"tokens": recording.inputs["ids"]}
    found = record_graph(FOLDER / "saved_model", inputs=inputs, outputs=["scores"])
    assert_arrays_close(found.outputs["scores"], next(iter(recording.outputs.values())), atol=1e-6)


def test_what_is_constant_within_a_function_is_copied_and_the_rest_proved(tmp_path):
    """A graph can't be run with other values of it."""
    kernel, bias = np.float32([[1, 2], [3, 4], [5, 6]]), np.float32([0.5, -0.5])

    @tf.function
    def dense(x):
        return tf.nn.bias_add(
            x @ tf.constant(kernel, name="dense/kernel"), tf.constant(bias, name="dense/bias")
        )

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, 2], "x")
        top = tf.constant(np.full((2, 3), 0.25, "f4"), name="top/kernel")
        first = tf.identity(top, "top/kernel/read")
        tf.identity(dense(x @ first), "y")
    (tmp_path / "m.pb").write_bytes(graph.as_graph_def().SerializeToString())
    inputs = keras.Input((2,))
    hidden = layers.Dense(3, use_bias=False, name="top")(inputs)
    net = keras.Model(inputs, layers.Dense(2, name="dense")(hidden))
    plan = plan_migration(tmp_path / "m.pb", net)
    proof = prove(plan, net)
    assert proof.agrees
    assert {target: status.name for target, status in proof.lines.items()} == {
        "top/kernel": "PROVED",
        "dense/kernel": "COPIED",
        "dense/bias": "COPIED",
    }
    assert proof.reasons["dense/bias"].startswith("a constant within a function of the graph")
    convert(plan, net)
    assert_arrays_close(net.get_layer("dense").kernel, kernel, atol=0)
