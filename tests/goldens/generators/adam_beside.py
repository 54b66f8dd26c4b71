"""Adam with its moments in variables of its own beside the weights, as BERT's training code has."""

import tensorflow as tf


def adam_step(loss, rate):
    """Returns one step over all trainable variables; moments are ``<variable>/adam_m`` and ``_v``.

    There is no bias correction, but a little weight decay.
    """
    variables = tf.trainable_variables()
    gradients = tf.gradients(loss, variables)
    step = tf.train.get_or_create_global_step()
    updates = [step.assign_add(1)]
    for gradient, variable in zip(gradients, variables):  # noqa: B905 (Python 3.7)
        updates += _updates(tf.convert_to_tensor(gradient), variable, rate)
    return tf.group(*updates)


def _updates(gradient, variable, rate):
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
    return [variable.assign_sub(rate * update), m.assign(next_m), v.assign(next_v)]
