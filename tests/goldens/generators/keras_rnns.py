"""Recurrent layers of 1.15's own ``tf.keras``, with its defaults, saved by a v1 Saver."""

import tensorflow as tf

from generators import recording

UNITS, STEPS, FEATURES = 3, 4, 2


def layers():
    """Returns the layers by the name under which their output is recorded."""
    keras = tf.keras.layers
    two = [keras.LSTMCell(UNITS, recurrent_activation="sigmoid") for _ in range(2)]
    return [
        ("plain", keras.LSTM(UNITS, recurrent_activation="sigmoid", name="lstm")),
        ("defaults", keras.LSTM(UNITS, name="lstm_1")),  # hard_sigmoid: max(0, min(1, 0.2 x + 0.5))
        ("gated", keras.GRU(UNITS, recurrent_activation="sigmoid", name="gru")),
        (
            "reset",
            keras.GRU(UNITS, recurrent_activation="sigmoid", reset_after=True, name="gru_1"),
        ),
        ("simple", keras.SimpleRNN(UNITS, name="simple_rnn")),
        (
            "both",
            keras.Bidirectional(
                keras.LSTM(UNITS, recurrent_activation="sigmoid", return_sequences=True)
            ),
        ),
        ("stacked", keras.RNN(keras.StackedRNNCells(two), name="rnn")),
    ]


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    inputs = {"x": recording.normal(91, 2, STEPS, FEATURES)}
    with tf.Graph().as_default(), recording.session() as sess:
        tf.set_random_seed(19)
        x = tf.placeholder(tf.float32, [None, STEPS, FEATURES], "x")
        outputs = recording.named(**{name: layer(x) for name, layer in layers()})
        sess.run(tf.global_variables_initializer())
        for number, variable in enumerate(tf.global_variables()):  # biases, too
            variable.load(recording.normal(number, *variable.shape.as_list()), sess)
        recording.record(sess, folder, inputs, outputs)
        recording.save(sess, folder)
    recording.check_restores(folder)
