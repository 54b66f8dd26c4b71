"""Bounds at which a graph clips: which it has, and which nothing reached."""

import keras
import numpy as np
import tensorflow as tf
from v1_programs import saved

from tf1compat.graph import layers
from tf1compat.migration import plan_migration, prove
from tf1compat.migration.verification.reference.clips import Clip, clips_of, unreached

v1 = tf.compat.v1


def test_ops_that_clip_at_constants():
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [2], "x")
        tf.minimum(x, 20.0, name="below")
        tf.maximum(3.0, x, name="above")
        tf.clip_by_value(x, -2.0, 2.0, name="both")
        tf.maximum(x, 1e-12, name="no_zero")  # keeps a divisor from zero
        tf.maximum(x, x * 2.0, name="of_two")
        tf.maximum(tf.shape(x), 1, name="count")
    found = {clip.output: clip for clip in clips_of(graph.as_graph_def().node)}
    assert found["below:0"] == Clip("below:0", "x:0", (20.0,))
    assert found["above:0"] == Clip("above:0", "x:0", (3.0,))
    assert {found[name].bounds for name in ("both:0", "both/Minimum:0")} == {(-2.0,), (2.0,)}
    assert not {"no_zero:0", "of_two:0", "count:0"} & found.keys()


def test_what_changed_nothing_was_not_reached():
    low, high = Clip("a:0", "x:0", (1.0,)), Clip("b:0", "x:0", (9.0,))
    x = np.array([0.5, 2.0])
    assert unreached([low, high], {"x:0": x, "a:0": np.minimum(x, 1), "b:0": x}) == [high]
    assert unreached([low], {"x:0": x}) == []


def test_a_bound_that_no_value_reached_is_said(tmp_path):
    def program():
        x = v1.placeholder(tf.float32, [None, 3], "x")
        tf.minimum(tf.nn.relu(layers.dense(x, 4, name="fc")), 1e4, name="y")

    x = keras.Input((3,))
    model = keras.Model(x, keras.layers.Dense(4, "relu", name="fc")(x))
    proof = prove(plan_migration(saved(tmp_path, program), model), model)
    assert proof.agrees
    assert proof.notes == (
        "y of the v1 graph clips at 10000, which nothing reached: whether the model does, too, "
        "isn't told",
    )
