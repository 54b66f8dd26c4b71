"""Small v1 graphs and checkpoints of them, for tests of proofs."""

import contextlib

import tensorflow as tf

v1 = tf.compat.v1


@contextlib.contextmanager
def saved_to(prefix):
    """Makes a graph in which what is built is saved, with random values of all variables."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1155)
        yield
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(prefix))


NORMAL = v1.random_normal_initializer()


def dense(x, units, scope, *, kernel=NORMAL):
    """Returns ``x @ kernel + bias``, variables in `scope`, the output ``scope/out:0``."""
    with v1.variable_scope(scope):
        kernel = v1.get_variable("kernel", [x.shape[-1], units], initializer=kernel)
        bias = v1.get_variable("bias", [units], initializer=v1.zeros_initializer())
        return tf.add(tf.matmul(x, kernel), bias, name="out")
