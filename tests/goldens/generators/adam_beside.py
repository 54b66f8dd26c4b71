"""Adam with its moments in variables of its own beside the weights, as BERT's training code has."""

import tensorflow as tf


def adam_step(loss, rate):
    """Returns one step over all trainable variables; moments are ``<variable>/adam_m`` and ``_v``.

    There is no bias correction, but a little weight decay.
    """
    variables = tf.trainable_variables()
    gradients = tf.gradients(loss, variables)
    step = tf.train.get_or_create_global_step()
    changes = []
    for gradient, variable in zip(gradients, variables):  # noqa: B905 (Python 3.7)
        changes += _changes(tf.convert_to_tensor(gradient), variable, rate)
    # Nothing is written before everything has been read: v1 variables change under their readers.
    with tf.control_dependencies([value for _, value in changes]):
        assigned = [variable.assign(value) for variable, value in changes]
        return tf.group(step.assign_add(1), *assigned)


def _changes(gradient, variable, rate):
    """Returns pairs of a variable and its next value."""
    name = variable.op.name
    m = tf.get_variable(
        name + "/adam_m", variable.shape, initializer=tf.zeros_initializer(), trainable=False
    )
    v = tf.get_variable(
        name + "/adam_v", variable.shape, initializer=tf.zeros_initializer(), trainable=False
    )
    next_m = 0.9 * m + 0.1 * gradient
    next_v = 0.999 * v + 0.001 * tf.square(gradient)
    update = next_m / (tf.sqrt(next_v) + 1e-6) + 0.01 * variable
    return [(variable, variable - rate * update), (m, next_m), (v, next_v)]
