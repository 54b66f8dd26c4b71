"""Weights of CudnnLSTM and CudnnGRU as `CudnnOpaqueParamsSaveable` writes them, run on the CPU.

CuDNN itself needs a GPU. Its parameters are drawn here as it has them, gate by gate; 1.15.5's own
converters make of them what a checkpoint holds, and 1.15.5's own `CudnnCompatibleLSTMCell` and
`CudnnCompatibleGRUCell` compute with that, under the names that the layers save.
"""

import numpy as np
import tensorflow as tf
from tensorflow.contrib import cudnn_rnn
from tensorflow.contrib import rnn as contrib_rnn
from tensorflow.contrib.cudnn_rnn.python.ops import cudnn_rnn_ops

from generators import recording

STEPS, INPUTS, UNITS, LAYERS = 5, 3, 4, 2
LSTM, GRU = "cudnn_lstm", "cudnn_gru"


def drawn(seed, gates, directions):
    """Returns CuDNN's matrices and vectors: layer by layer, direction by direction, by gate."""
    random = np.random.RandomState(seed)
    weights, biases = [], []
    for layer in range(LAYERS):
        columns = INPUTS if layer == 0 else directions * UNITS
        for _ in range(directions):
            for size in [columns] * gates + [UNITS] * gates:
                weights.append(random.normal(0, 0.7, (UNITS, size)).astype(np.float32))
                biases.append(random.normal(0, 0.5, UNITS).astype(np.float32))
    return weights, biases


def parameters():
    """Returns for each layer CuDNN's parameters."""
    return {LSTM: drawn(71, 4, 2), GRU: drawn(72, 3, 1)}


def canonical(sess):
    """Returns what 1.15.5's converters make of the parameters, by the names that they save."""
    found = {}
    kinds = {
        LSTM: (cudnn_rnn_ops.CudnnParamsFormatConverterLSTM, "bidirectional"),
        GRU: (cudnn_rnn_ops.CudnnParamsFormatConverterGRU, "unidirectional"),
    }
    for name, (kind, direction) in kinds.items():
        converter = kind(LAYERS, UNITS, INPUTS, direction=direction)
        given = [[tf.constant(value) for value in side] for side in parameters()[name]]
        weights, biases = converter._cu_canonical_to_tf_canonical(*given)
        names = _saved_names(name, direction)
        values = sess.run(weights + biases)
        found.update((name + "/" + n, v) for n, v in zip(names, values))  # noqa: B905
    return found


def _saved_names(name, direction):
    """Returns the names under which the layer's saveable writes, of its own method."""
    kind = {LSTM: cudnn_rnn_ops.CudnnLSTMSaveable, GRU: cudnn_rnn_ops.CudnnGRUSaveable}[name]
    saveable = kind.__new__(kind)  # what makes one asks a GPU
    saveable._num_layers, saveable._direction = LAYERS, direction
    weights, biases = saveable._tf_canonical_names()
    return weights + biases


def computed(x):
    """[B, T, INPUTS] -> what both compute, [B, T, 2 * UNITS] and [B, T, UNITS]."""
    with tf.variable_scope(LSTM):
        sides = [[cudnn_rnn.CudnnCompatibleLSTMCell(UNITS) for _ in range(LAYERS)] for _ in "fb"]
        lstm, _, _ = contrib_rnn.stack_bidirectional_dynamic_rnn(*sides, x, dtype=tf.float32)
    with tf.variable_scope(GRU):
        cells = [cudnn_rnn.CudnnCompatibleGRUCell(UNITS) for _ in range(LAYERS)]
        gru, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell(cells), x, dtype=tf.float32)
    return lstm, gru


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    with tf.Graph().as_default(), recording.session() as sess:
        values = canonical(sess)
    with tf.Graph().as_default(), recording.session() as sess:
        x = tf.placeholder(tf.float32, [None, STEPS, INPUTS], "x")
        lstm, gru = computed(x)
        outputs = recording.named(lstm=lstm, gru=gru)
        assert sorted(values) == sorted(v.op.name for v in tf.global_variables())
        recording.carry_over(sess, values)
        recording.record(sess, folder, {"x": recording.normal(73, 2, STEPS, INPUTS)}, outputs)
        recording.save(sess, folder, strip_default_attrs=True)
    recording.check_restores(folder)
