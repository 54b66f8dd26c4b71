"""A classifier of pairs: one tower, called twice under AUTO_REUSE, then two dense layers."""

import tensorflow as tf

from generators import recording


def dense(x, units, scope, activation=None):
    """A dense layer of bare variables, as people wrote it by hand."""
    with tf.variable_scope(scope):
        weights = tf.get_variable("weights", [x.shape[-1], units])
        biases = tf.get_variable(
            "biases", [units], initializer=tf.random_normal_initializer(stddev=0.1)
        )
        y = tf.matmul(x, weights) + biases
        return activation(y) if activation else y


def tower(x):
    """[B, 20] -> [B, 16], with the same variables in every call."""
    with tf.variable_scope("tower", reuse=tf.AUTO_REUSE):
        x = dense(x, 32, "fc1", tf.nn.relu)
        x = dense(x, 32, "fc2", tf.nn.relu)
        return dense(x, 16, "fc3", tf.tanh)


def write(folder):
    """Trains ten steps with momentum and writes the golden."""
    recording.fresh_folder(folder)
    inputs = {"left": recording.normal(1, 6, 20), "right": recording.normal(2, 6, 20)}
    with tf.Graph().as_default(), recording.session() as sess:
        tf.set_random_seed(11)
        left = tf.placeholder(tf.float32, [None, 20], "left")
        right = tf.placeholder(tf.float32, [None, 20], "right")
        a, b = tower(left), tower(right)
        with tf.variable_scope("classifier"):
            hidden = dense(tf.concat([tf.abs(a - b), a * b], 1), 16, "hidden", tf.nn.relu)
            logits = dense(hidden, 3, "logits")
        outputs = recording.named(scores=logits, embedding=a)
        labels = tf.constant(recording.integers(3, 3, 6))
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
        step = tf.train.get_or_create_global_step()
        train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss, step)
        sess.run(tf.global_variables_initializer())
        for _ in range(10):
            sess.run(train, {left: inputs["left"], right: inputs["right"]})
        recording.record(sess, folder, inputs, outputs)
        recording.save(sess, folder)
    recording.check_restores(folder)
