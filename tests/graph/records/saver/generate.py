"""Writes the goldens of tests/graph/training/graph_training_saver_test.py with TensorFlow 1.15.5.

Run with Python 3.7 and TensorFlow 1.15.5, from the project's root:

    python tests/graph/records/saver/generate.py
    python tests/graph/records/saver/generate.py --restore=/tmp/ours.ckpt

The first writes `model.ckpt-3` and `values.npz` (what the session held, and the loss), after three
steps of momentum on the network below. The second restores, with 1.15.5's own Saver, what the same
network under today's TensorFlow has saved, and prints its values' digest, as the test computes it.
"""

import argparse
import hashlib
import os

import numpy as np
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))


def network(use_resource):
    """A dense layer, a partitioned table, an average and a step; returns the loss."""
    ids = tf.constant([0, 3, 6, 3])
    with tf.variable_scope("net", use_resource=use_resource):
        with tf.variable_scope("emb", partitioner=tf.fixed_size_partitioner(3)):
            table = tf.get_variable("table", [7, 4])
        kernel = tf.get_variable("dense/kernel", [4, 2])
        bias = tf.get_variable("dense/bias", [2], initializer=tf.zeros_initializer())
    rows = tf.nn.embedding_lookup(table, ids, partition_strategy="div")
    loss = tf.reduce_mean(tf.square(tf.tanh(tf.matmul(rows, kernel) + bias) - 0.5))
    step = tf.train.get_or_create_global_step()
    train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, step)
    average = tf.train.ExponentialMovingAverage(0.5)
    with tf.control_dependencies([train]):
        update = average.apply([kernel, bias])
    return loss, update


def digest(values):
    """A digest of names and values; the test computes the same."""
    text = hashlib.sha256()
    for name in sorted(values):
        text.update(name.encode())
        text.update(np.ascontiguousarray(values[name]).tobytes())
    return text.hexdigest()


def whole(session):
    """The values of all variables, partitions joined."""
    values = {}
    for variable in tf.global_variables():
        name, _, part = variable.op.name.partition("/part_")
        value = session.run(variable)
        if part:
            name += "".join("/" + p for p in part.split("/")[1:])
            value = np.concatenate([values[name], value]) if name in values else value
        values[name] = value
    return values


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--restore", default="")
    parser.add_argument("--use_resource", action="store_true")
    arguments = parser.parse_args()
    tf.set_random_seed(15)
    loss, update = network(arguments.use_resource)
    saver = tf.train.Saver()
    with tf.Session() as session:
        if arguments.restore:
            saver.restore(session, arguments.restore)
            print(digest(whole(session)))
            return
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(update)
        saver.save(session, os.path.join(HERE, "model.ckpt"), 3, write_meta_graph=False)
        values = whole(session)
        np.savez_compressed(
            os.path.join(HERE, "values.npz"),
            **{**values, "__loss__": session.run(loss), "__digest__": digest(values)},
        )
    os.remove(os.path.join(HERE, "checkpoint"))


if __name__ == "__main__":
    main()
