"""1.15's tf.keras.layers.CuDNNLSTM and CuDNNGRU, saved by a v1 Saver.

They need a GPU, so that the record is what LSTM and GRU of 1.15's tf.keras compute with the weights
that its own converter for saved models makes of CuDNN's.
"""

import tensorflow as tf
from tensorflow.python.keras.saving import hdf5_format

from generators import recording

STEPS, INPUTS, UNITS = 5, 3, 4


def stack(x, kind, **options):
    """[B, T, INPUTS] -> the output of a layer after one in both directions, and the layers."""
    options["return_sequences"] = True
    layers = [tf.keras.layers.Bidirectional(kind(UNITS, **options)), kind(UNITS, **options)]
    for layer in layers:
        x = layer(x)
    return x, layers


def drawn(layers, seed):
    """Returns values for the weights of layers, a list each."""
    shapes = [[w.shape.as_list() for w in layer.weights] for layer in layers]
    return [
        [0.7 * recording.normal(seed + 100 * i + j, *shape) for j, shape in enumerate(some)]
        for i, some in enumerate(shapes)
    ]


def plain_outputs(x):
    """Returns what the layers compute that run anywhere, with the same weights."""
    layers = tf.keras.layers
    found = {}
    with tf.Graph().as_default(), recording.session() as sess:
        tf.keras.backend.set_session(sess)
        kinds = {"lstm": (layers.CuDNNLSTM, layers.LSTM, {}, 91)}
        kinds["gru"] = (layers.CuDNNGRU, layers.GRU, {"reset_after": True}, 92)
        for name, (kind, plain, options, seed) in kinds.items():
            given = tf.constant(x)
            values = drawn(stack(given, kind)[1], seed)
            y, made = stack(given, plain, recurrent_activation="sigmoid", **options)
            for layer, value in zip(made, values):  # noqa: B905
                layer.set_weights(hdf5_format.preprocess_weights_for_loading(layer, value))
            found[name] = sess.run(y)
    return found


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    x = recording.normal(93, 2, STEPS, INPUTS)
    recorded = plain_outputs(x)
    with tf.Graph().as_default(), recording.session() as sess:
        tf.keras.backend.set_session(sess)
        given = tf.placeholder(tf.float32, [None, STEPS, INPUTS], "x")
        for name, kind, seed in (
            ("lstm", tf.keras.layers.CuDNNLSTM, 91),
            ("gru", tf.keras.layers.CuDNNGRU, 92),
        ):
            y, layers = stack(given, kind)
            recording.named(**{name: y})
            for layer, values in zip(layers, drawn(layers, seed)):  # noqa: B905
                for variable, value in zip(layer.weights, values):  # noqa: B905
                    variable.load(value, sess)
        recording.save(sess, folder, strip_default_attrs=True)
    recording.write_record(folder, {"x": x}, recorded)
