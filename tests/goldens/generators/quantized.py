"""Quantization-aware training: a graph that `tf.contrib.quantize` rewrote, as it trains and runs.

The norm is folded into its convolution; weights and activations are rounded within ranges that
variables hold. The records are of the same variables: ``io.npz`` of the graph without
quantization, ``rounded.npz`` of the one with it.
"""

import os

import tensorflow as tf

from generators import recording

STEPS = 6
IMAGE = (5, 5, 2)


def network(images, training):
    """[B, 5, 5, 2] -> [B, 2]."""
    x = tf.layers.conv2d(images, 3, 3, use_bias=False, name="conv")
    x = tf.nn.relu(tf.layers.batch_normalization(x, training=training, momentum=0.9, name="norm"))
    return tf.layers.dense(tf.reduce_mean(x, [1, 2]), 2, name="scores")


def write(folder):
    """Writes a folder for the graph that trains, and one for the one that runs."""
    variables = _trained(os.path.join(folder, "training"))
    inputs = {"images": recording.normal(1, 4, *IMAGE)}
    _inference(os.path.join(folder, "inference"), variables, inputs)
    for name in ("training", "inference"):
        with tf.Graph().as_default(), recording.session() as sess:
            scores = network(_images(), False)
            _load(sess, variables)
            recording.record(
                sess, os.path.join(folder, name), inputs, recording.named(scores=scores)
            )


def _images():
    return tf.placeholder(tf.float32, [None, *IMAGE], "images")


def _load(sess, values):
    for variable in tf.global_variables():
        variable.load(values[variable.op.name], sess)


def _trained(folder):
    recording.fresh_folder(folder)
    with tf.Graph().as_default(), recording.session() as sess:
        tf.set_random_seed(5)
        images, labels = _images(), tf.placeholder(tf.float32, [None, 2], "labels")
        loss = tf.reduce_mean(tf.square(network(images, True) - labels))
        tf.contrib.quantize.create_training_graph(quant_delay=0)
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            train = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
        sess.run(tf.global_variables_initializer())
        for step in range(STEPS):
            feeds = {
                images: recording.normal(20 + step, 6, *IMAGE),
                labels: recording.normal(40 + step, 6, 2),
            }
            sess.run(train, feeds)
        recording.save(sess, folder, strip_default_attrs=True)
        return recording.values_of_variables(sess)


def _inference(folder, variables, inputs):
    recording.fresh_folder(folder)
    with tf.Graph().as_default(), recording.session() as sess:
        network(_images(), False)
        tf.contrib.quantize.create_eval_graph()
        last = sess.graph.get_tensor_by_name("scores/act_quant/FakeQuantWithMinMaxVars:0")
        outputs = recording.named(scores=last)
        _load(sess, variables)
        recording.record(sess, folder, inputs, outputs, "rounded.npz")
        recording.save(sess, folder, strip_default_attrs=True)
