"""A perceptron of tf.contrib.layers, in the single-file format of before TensorFlow 0.12."""

import tensorflow as tf
from tensorflow.core.protobuf import saver_pb2

from generators import recording


def model(x):
    """[B, 10] -> [B, 3], under automatic names."""
    biases = tf.random_normal_initializer(stddev=0.3)
    x = tf.contrib.layers.fully_connected(x, 16, biases_initializer=biases)
    x = tf.contrib.layers.fully_connected(x, 16, tf.tanh, biases_initializer=biases)
    return tf.contrib.layers.fully_connected(x, 3, None, biases_initializer=biases)


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    inputs = {"features": recording.normal(41, 6, 10)}
    with tf.Graph().as_default(), recording.session() as sess:
        tf.set_random_seed(15)
        outputs = recording.named(scores=model(tf.placeholder(tf.float32, [None, 10], "features")))
        tf.train.get_or_create_global_step()
        sess.run(tf.global_variables_initializer())
        recording.record(sess, folder, inputs, outputs)
        recording.save(sess, folder, write_version=saver_pb2.SaverDef.V1)
    recording.check_restores(folder)
