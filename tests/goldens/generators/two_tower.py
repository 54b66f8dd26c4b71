"""Two towers of twelve layers of one shape each: only the numbers in the names tell their order."""

import tensorflow as tf

from generators import recording

DEPTH, WIDTH = 12, 10


def tower(x, name):
    """[B, n] -> [B, WIDTH]; ``layer_0`` to ``layer_11``, residual."""
    bias = tf.random_normal_initializer(stddev=0.1)
    with tf.variable_scope(name):
        x = tf.layers.dense(x, WIDTH, name="input", bias_initializer=bias)
        for index in range(DEPTH):
            layer = f"layer_{index}"
            x += tf.layers.dense(x, WIDTH, tf.nn.tanh, name=layer, bias_initializer=bias)
    return x


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    inputs = {"query": recording.normal(61, 5, 6), "item": recording.normal(62, 5, 9)}
    with tf.Graph().as_default(), recording.session() as sess:
        tf.set_random_seed(17)
        query = tf.placeholder(tf.float32, [None, 6], "query")
        item = tf.placeholder(tf.float32, [None, 9], "item")
        a, b = tower(query, "query_tower"), tower(item, "item_tower")
        outputs = recording.named(similarity=tf.reduce_sum(a * b, 1), query_vector=a, item_vector=b)
        sess.run(tf.global_variables_initializer())
        recording.record(sess, folder, inputs, outputs)
        recording.save(sess, folder)
    recording.check_restores(folder)
