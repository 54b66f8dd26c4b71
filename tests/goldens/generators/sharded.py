"""A text classifier with partitioned variables that lie on three devices: three shards."""

import tensorflow as tf

from generators import recording

DEVICES = 3


class RoundRobin:
    """Gives every variable the next device."""

    def __init__(self):
        self._next = 0

    def __call__(self, op):
        if op.type not in ("VariableV2", "Variable", "VarHandleOp"):
            return op.device
        self._next += 1
        return f"/job:localhost/replica:0/task:0/device:CPU:{self._next % DEVICES}"


def dense(x, units, scope, activation=None, partitioner=None):
    """A dense layer whose kernel may be partitioned."""
    with tf.variable_scope(scope):
        kernel = tf.get_variable(
            "kernel",
            [x.shape[-1], units],
            initializer=tf.random_normal_initializer(stddev=0.2),
            partitioner=partitioner,
        )
        bias = tf.get_variable("bias", [units], initializer=tf.random_normal_initializer())
        y = tf.matmul(x, tf.convert_to_tensor(kernel)) + bias
        return activation(y) if activation else y


def model(tokens):
    """[B, 7] token ids -> [B, 4]."""
    with tf.variable_scope("text"):
        table = tf.get_variable(
            "embedding",
            [50, 12],
            initializer=tf.random_normal_initializer(),
            partitioner=tf.fixed_size_partitioner(4),  # 13, 13, 12 and 12 rows
        )
        x = tf.nn.embedding_lookup(table, tokens, partition_strategy="div")
        x = tf.reduce_mean(x, 1)
        x = dense(x, 20, "hidden", tf.nn.relu, tf.fixed_size_partitioner(3, axis=1))
        x = dense(x, 20, "hidden_1", tf.nn.relu, tf.fixed_size_partitioner(2, axis=0))
        return dense(x, 4, "output")


def write(folder):
    """Writes the golden with ``Saver(sharded=True)``."""
    recording.fresh_folder(folder)
    inputs = {"tokens": recording.integers(31, 50, 5, 7)}
    with tf.Graph().as_default(), recording.session(cpus=DEVICES) as sess:
        tf.set_random_seed(14)
        tokens = tf.placeholder(tf.int32, [None, 7], "tokens")
        with tf.device(RoundRobin()):
            outputs = recording.named(scores=model(tokens))
        sess.run(tf.global_variables_initializer())
        recording.record(sess, folder, inputs, outputs)
        recording.save(sess, folder, sharded=True)
    recording.check_restores(folder, cpus=DEVICES)
