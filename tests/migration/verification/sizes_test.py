"""Sizes that neither side says are tried twice: what agrees for small inputs may not for larger."""

import keras
import pytest
import tensorflow as tf
from keras import layers
from v1_programs import saved

from tf1compat.errors import UsageError
from tf1compat.graph import layers as graph_layers
from tf1compat.migration import Status, plan_migration, prove

v1 = tf.compat.v1


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A net whose map is one pixel for the smallest images."""

    def program():
        h = v1.placeholder(tf.float32, [None, None, None, 2], "image")
        for name in ("a", "b", "c"):
            h = graph_layers.conv2d(h, 3, 3, 2, "same", name=name)
        tf.reduce_mean(h, [1, 2], name="pooled")

    return saved(tmp_path_factory.mktemp("images"), program)


def _net(pool):
    x = h = keras.Input((None, None, 2))
    for name in ("a", "b", "c"):
        h = layers.Conv2D(3, 3, 2, "same", name=name)(h)
    return keras.Model(x, pool(h))


def test_a_pool_of_another_kind_is_seen_where_there_is_more_than_a_pixel(images):
    model = _net(layers.GlobalAveragePooling2D())
    right = prove(plan_migration(images, model), model)
    assert set(right.lines.values()) == {Status.PROVED}
    other = _net(layers.GlobalMaxPooling2D())
    wrong = prove(plan_migration(images, other), other)
    assert [one.within(1e-5) for one in (*wrong.outputs, *wrong.changed)] == [True, False]
    assert wrong.notes == (
        "the outputs agree for inputs of the sizes image:0 [3, 5, 5, 2], and differ for "
        "image:0 [3, 48, 48, 2]",
    )
    assert set(wrong.lines.values()) == {Status.COPIED}


def test_sizes_that_one_side_can_not_take_are_not_tried(tmp_path):
    """A table of eight positions; nothing longer than five is known to fit."""

    def program():
        x = v1.placeholder(tf.float32, [None, None, 2], "x")
        table = v1.get_variable("places/embeddings", [8, 2])
        y = x + tf.gather(table, tf.range(tf.shape(x)[1]))
        tf.identity(graph_layers.dense(y, 3, name="fc"), name="y")

    class Places(layers.Layer):
        def build(self, shape):
            self.embeddings = self.add_weight(shape=(8, 2), name="embeddings")

        def call(self, x):
            places = keras.ops.arange(keras.ops.shape(x)[1])
            return x + keras.ops.take(self.embeddings, places, axis=0)

    x = keras.Input((None, 2))
    model = keras.Model(x, layers.Dense(3, name="fc")(Places(name="places")(x)))
    proof = prove(plan_migration(saved(tmp_path, program), model), model)
    assert proof.agrees
    assert "no other sizes of inputs could be tried" in proof.notes


def test_where_a_few_pixels_are_too_few_more_are_tried(tmp_path):
    """Behind two pools of 3 x 3 without padding nothing is left of five pixels."""

    def program():
        h = v1.placeholder(tf.float32, [None, None, None, 2], "image")
        for name in ("a", "b"):
            h = graph_layers.conv2d(h, 3, 3, 1, "valid", name=name)
            h = tf.nn.max_pool2d(h, 3, 2, "VALID")
        tf.reduce_mean(h, [1, 2], name="pooled")

    x = h = keras.Input((None, None, 2))
    for name in ("a", "b"):
        h = layers.MaxPooling2D(3, 2)(layers.Conv2D(3, 3, name=name)(h))
    model = keras.Model(x, layers.GlobalAveragePooling2D()(h))
    proof = prove(plan_migration(saved(tmp_path, program), model), model)
    assert proof.agrees
    assert set(proof.lines.values()) == {Status.PROVED}


def test_of_two_sizes_that_fail_the_first_is_told(tmp_path):
    def program():
        x = v1.placeholder(tf.float32, [None, None, 2], "x")
        tf.identity(graph_layers.dense(x[:, :2], 3, name="fc"), name="y")

    x = keras.Input((None, 2))
    model = keras.Model(x, layers.Reshape((1, 12))(layers.Dense(3, name="fc")(x)))
    plan = plan_migration(saved(tmp_path, program), model)
    with pytest.raises(UsageError, match=r"x:0 float32\[3, 5, 2\]"):
        prove(plan, model)
