"""Graphs with an input pipeline, as Estimators save them, are proved like others."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_graphs import dense, saved_to, v1

from tf1compat.checkpoint import open_checkpoint
from tf1compat.keras3 import build_model, index_model
from tf1compat.migration import GraphOptions, plan_migration, prove


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("pipeline") / "model.ckpt"
    with saved_to(prefix):
        row = (np.ones(4, np.float32), np.array(1, np.int64))
        data = tf.data.Dataset.from_tensors(row).repeat().batch(2)
        features, labels = v1.data.make_one_shot_iterator(data).get_next()
        logits = dense(tf.nn.relu(dense(features, 5, "hidden")), 3, "scores")
        v1.losses.sparse_softmax_cross_entropy(labels, logits)
    return open_checkpoint(prefix)


def model():
    x = keras.Input((4,), name="x")
    h = keras.layers.Dense(5, activation="relu", name="hidden")(x)
    return keras.Model(x, keras.layers.Dense(3, name="scores")(h))


@pytest.mark.parametrize("inputs", [(), ("IteratorGetNext:0",), ("IteratorGetNext",)])
def test_a_graph_with_an_input_pipeline_is_proved(checkpoint, inputs):
    index = index_model(build_model(model))
    plan = plan_migration(checkpoint, index)
    proof = prove(plan, index, checkpoint=checkpoint, options=GraphOptions(inputs=inputs))
    assert str(proof) == "4 weights: 4 proved"
    assert [one.name for one in proof.outputs] == ["scores/out:0"]
