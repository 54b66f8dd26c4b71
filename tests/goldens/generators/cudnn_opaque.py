"""The parameters of `cudnn_canonical` in one buffer a layer, as they are without its saveable.

The graph is CudnnLSTM's and CudnnGRU's own; it needs a GPU, so that the record is what the
compatible cells computed. CuDNN's order of single precision, as 1.15.5's
`keras/layers/cudnn_recurrent.py` makes it: every matrix, row by row, then every bias.
"""

import os
import shutil

import numpy as np
import tensorflow as tf
from tensorflow.contrib import cudnn_rnn

from generators import cudnn_canonical as cells
from generators import recording


def write(folder):
    """Writes the golden; that of the same weights by name is written before."""
    recording.fresh_folder(folder)
    with tf.Graph().as_default(), recording.session() as sess:
        x = tf.placeholder(tf.float32, [None, cells.STEPS, cells.INPUTS], "x")
        sizes = (cells.LAYERS, cells.UNITS)
        steps_first = tf.transpose(x, [1, 0, 2])
        lstm, _ = cudnn_rnn.CudnnLSTM(*sizes, direction="bidirectional")(steps_first)
        gru, _ = cudnn_rnn.CudnnGRU(*sizes)(steps_first)
        recording.named(lstm=tf.transpose(lstm, [1, 0, 2]), gru=tf.transpose(gru, [1, 0, 2]))
        for variable in tf.global_variables():
            weights, biases = cells.parameters()[variable.op.name.split("/")[0]]
            variable.load(np.concatenate([v.ravel() for v in (*weights, *biases)]), sess)
        # of the variables alone: by default the saveables' CuDNN ops would make other names
        recording.save(sess, folder, tf.global_variables(), strip_default_attrs=True)
    other = os.path.join(os.path.dirname(folder), "cudnn_canonical")
    shutil.copy(os.path.join(other, "io.npz"), folder)
