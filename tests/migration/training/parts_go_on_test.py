"""Steps on a few rows of a table in parts are those of the table, against TensorFlow's own."""

import importlib.util
import pathlib
import sys
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.keras3 import v1_optimizers
from tf1compat.migration import convert, plan_migration
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1
WORDS = np.random.RandomState(3).randint(0, 9, (4, 5))
ANSWERS = np.random.RandomState(4).randn(4, 5, 2).astype("float32")
BEFORE, MORE, RATE, NORM = 3, 5, 0.01, 0.1


# What programs brought along, as the goldens' generator has it for 1.15.
_PATH = pathlib.Path(__file__).parents[2] / "goldens/generators/training_optimizers.py"
_SPEC = importlib.util.spec_from_file_location("training_optimizers", _PATH)
brought = importlib.util.module_from_spec(_SPEC)
with mock.patch.dict(sys.modules, tensorflow=v1):
    _SPEC.loader.exec_module(brought)


def _trained(clip, *, resource=False, made=None):
    """Returns the words and the step of a graph of its own."""
    words = v1.placeholder(tf.int32, [None, 5], "words")
    parts = v1.fixed_size_partitioner(3)
    table = v1.get_variable("words/table", [10, 4], partitioner=parts, use_resource=resource)
    looked_up = v1.nn.embedding_lookup(table, words, partition_strategy="div")
    scores = tf.tensordot(looked_up, v1.get_variable("scores/kernel", [4, 2]), 1)
    loss = tf.reduce_mean(tf.square(scores - ANSWERS))
    optimizer = made(RATE) if made else v1.train.AdamOptimizer(RATE)
    gradients, variables = zip(*optimizer.compute_gradients(loss), strict=True)
    clipped = clip(gradients)
    step = v1.train.get_or_create_global_step()
    return words, optimizer.apply_gradients(zip(clipped, variables, strict=True), step)


def _together(gradients):
    return tf.clip_by_global_norm(gradients, NORM)[0]


def _each(gradients):
    return [tf.clip_by_norm(one, NORM) for one in gradients]


def _model(optimizer=None, **clip):
    table = keras.layers.Embedding(10, 4, name="words")
    scores = keras.layers.Dense(2, use_bias=False, name="scores")
    model = keras.Sequential([keras.Input((5,), dtype="int32"), table, scores])
    model.compile(optimizer or v1_optimizers.Adam(RATE, **clip), "mse")
    return model


@pytest.mark.parametrize("resource", [False, True])
def test_training_goes_on(tmp_path, resource):
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        words, step = _trained(_together, resource=resource)
        session.run(v1.global_variables_initializer())
        for _ in range(BEFORE):
            session.run(step, {words: WORDS})
        prefix = v1.train.Saver().save(session, str(tmp_path / "model.ckpt"))
        for _ in range(MORE):
            session.run(step, {words: WORDS})
        after = {one.op.name: session.run(one) for one in v1.trainable_variables()}
    model = _model(global_clipnorm=NORM)
    plan = plan_migration(prefix, model, optimizer="use")
    assert not plan.training.differences
    convert(plan, model)
    for _ in range(MORE):
        model.train_on_batch(WORDS, ANSWERS)
    parts = [after.pop(f"words/table/part_{number}") for number in range(3)]
    assert_arrays_close(model.get_layer("words").embeddings, np.concatenate(parts), atol=1e-5)
    assert_arrays_close(model.get_layer("scores").kernel, after["scores/kernel"], atol=1e-5)


def test_parts_are_clipped_by_themselves(tmp_path):
    with tf.Graph().as_default(), v1.Session() as session:
        _trained(_each)
        session.run(v1.global_variables_initializer())
        prefix = v1.train.Saver().save(session, str(tmp_path / "model.ckpt"))
    plan = plan_migration(prefix, _model(clipnorm=NORM))
    (said,) = (one.text for one in plan.training.differences)
    assert said.startswith("clipped by parts of variables in the v1 graph, by weight in the model")
    assert said.endswith("words/embeddings")


def test_steps_as_long_as_a_part_are_said(tmp_path):
    """Of LAMB. Adafactor's factors of a table in parts can't be saved: a Saver takes their shapes
    for parts of the table's.
    """
    with tf.Graph().as_default(), v1.Session() as session:
        _trained(list, made=brought.Lamb)
        session.run(v1.global_variables_initializer())
        prefix = v1.train.Saver().save(session, str(tmp_path / "model.ckpt"))
    plan = plan_migration(prefix, _model(v1_optimizers.Lamb(RATE)))
    (said,) = (one.text for one in plan.training.differences if one.kind.name == "parted")
    assert said.startswith("steps by parts of variables in the v1 graph, by weight in the model")
    assert said.endswith("words/embeddings")
