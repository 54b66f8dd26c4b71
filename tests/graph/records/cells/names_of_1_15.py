"""The cells and recurrent functions of TensorFlow 1.15.5 in one namespace; only it can run this."""

import types

from tensorflow.contrib import cudnn_rnn
from tensorflow.contrib.rnn.python.ops import rnn_cell as contrib_cells


def cell_names(tf):
    """Returns every name of cells and recurrent functions in one namespace."""
    found = {}
    places = [contrib_cells, tf.contrib.rnn, tf.nn, tf.nn.rnn_cell]
    for place in places:
        found.update({k: v for k, v in vars(place).items() if not k.startswith("_")})
    for key in ("CudnnCompatibleLSTMCell", "CudnnCompatibleGRUCell"):
        found[key] = getattr(cudnn_rnn, key)
    for key in dir(tf.nn):
        if "rnn" in key:
            found[key] = getattr(tf.nn, key)
    for key in dir(tf.contrib.rnn):
        if not key.startswith("_"):
            found[key] = getattr(tf.contrib.rnn, key)
    return types.SimpleNamespace(**found)
