"""What recorded inputs are given to, and values that are made when they are asked for."""

import tracemalloc

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.keras3 import index_model
from tf1compat.migration.verification._both_sides import variable_values
from tf1compat.migration.verification._changes import Lazy, changed
from tf1compat.migration.verification._recorded_feeds import recorded_feeds
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.testing import assert_arrays_equal

v1 = tf.compat.v1
ONE, TWO = np.full((2, 3), 1, np.float32), np.full((2, 4), 2, np.float32)


@pytest.fixture(scope="module")
def sides():
    with tf.Graph().as_default() as graph:
        v1.placeholder(tf.float32, [None, 4], name="wide")
        v1.placeholder(tf.float32, [None, 3], name="narrow")
        v1.placeholder(tf.bool, [], name="is_training")
    inputs = [keras.Input((3,), name="few"), keras.Input((4,), name="many")]
    model = keras.Model(inputs, keras.layers.Concatenate()(inputs))
    return GraphFile("toy.meta", graph.as_graph_def()), index_model(model)


@pytest.mark.parametrize(
    "recorded",
    [
        {"wide": TWO, "narrow:0": ONE},  # tensors of the graph
        {"many": TWO, "few": ONE},  # inputs of the model
        {"a": ONE, "b": TWO},  # the model's, in its order
    ],
)
def test_recorded_inputs_go_by_tensors_or_by_the_models_inputs(sides, recorded):
    found = recorded_feeds(*sides, recorded)
    assert set(found) == {"wide:0", "narrow:0", "is_training:0"}
    assert_arrays_equal(found["narrow:0"], ONE)
    assert_arrays_equal(found["wide:0"], TWO)
    assert_arrays_equal(found["is_training:0"], np.array(False))


def test_another_number_of_recorded_inputs_is_named(sides):
    with pytest.raises(UsageError, match="expected 1 inputs, as were recorded, found narrow:0, wi"):
        recorded_feeds(*sides, {"a": ONE})


def test_changed_values_are_the_same_each_time_and_not_held():
    names = [f"w{n}" for n in range(20)]
    plain = Lazy(names, lambda name: np.full((300, 1000), len(name), np.float32))
    other = changed(plain, {"w1", "w2"})
    assert_arrays_equal(other["w3"], plain["w3"])
    assert_arrays_equal(other["w1"], other["w1"])
    assert (other["w1"] != other["w2"]).any()
    assert len(other) == 20
    tracemalloc.start()
    for name in changed(plain):
        other[name].sum()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * plain["w1"].nbytes


def test_a_variable_that_was_not_saved_is_named():
    with pytest.raises(
        UsageError, match="expected the v1 graph's variable w in the checkpoint, fou"
    ):
        variable_values({"w": "w"}, {})["w"]
