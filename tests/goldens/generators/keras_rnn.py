"""Recurrent layers of 1.15's tf.keras under the names that it gives, saved by a v1 Saver.

Their recurrent activation is the default of 1.15, `hard_sigmoid`, except in the first stack's
second layer; `reset_after` is False, its default too, but for the GRU that goes one way.
"""

import tensorflow as tf

from generators import recording

STEPS, INPUTS, UNITS = 5, 3, 4


def computed(x):
    """[B, T, INPUTS] -> what three stacks compute, [B, T, n] each."""
    layers = tf.keras.layers
    options = {"return_sequences": True, "bias_initializer": tf.random_normal_initializer(0.5)}
    lstm = layers.LSTM(UNITS, **options)(x)
    lstm = layers.LSTM(UNITS, recurrent_activation="sigmoid", implementation=2, **options)(lstm)
    both = layers.Bidirectional(layers.GRU(UNITS, **options))(x)
    plain = layers.GRU(UNITS, reset_after=True, implementation=2, **options)(x)
    plain = layers.SimpleRNN(UNITS, **options)(plain)
    return {"lstm_stack": lstm, "both_ways": both, "plain": plain}


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    with tf.Graph().as_default(), recording.session() as sess:
        tf.keras.backend.set_session(sess)
        tf.set_random_seed(81)
        x = tf.placeholder(tf.float32, [None, STEPS, INPUTS], "x")
        outputs = recording.named(**computed(x))
        sess.run(tf.global_variables_initializer())
        recording.record(sess, folder, {"x": recording.normal(82, 2, STEPS, INPUTS)}, outputs)
        recording.save(sess, folder, strip_default_attrs=True)
    recording.check_restores(folder)
