"""Recurrent cells of TensorFlow 1.15.5, one small graph each: 4 steps, unrolled or in a loop.

Every variable, biases too, has values of its own, so that none can be taken for another.
"""

import os

import tensorflow as tf

from generators import recording

STEPS, INPUTS, UNITS = 4, 3, 4
BATCH = 2
IMAGE = (5, 4)
contrib, core = tf.contrib.rnn, tf.nn.rnn_cell


def unrolled(make):
    """Returns what runs a cell over [B, T, ...]."""

    def run(x):
        outputs, _ = tf.nn.static_rnn(make(), tf.unstack(x, axis=1), dtype=tf.float32)
        return tf.stack(outputs, 1)

    return run


def looped(make):
    """Returns the same in a loop, which cells of 1.15 were most often run in."""

    def run(x):
        outputs, _ = tf.nn.dynamic_rnn(make(), x, dtype=tf.float32)
        return outputs

    return run


def fused(**options):
    """Returns what runs a cell that takes all steps at once, time first."""

    def run(x):
        cell = contrib.LSTMBlockFusedCell(UNITS, **options)
        outputs, _ = cell(tf.transpose(x, [1, 0, 2]), dtype=tf.float32)
        return tf.transpose(outputs, [1, 0, 2])

    return run


def both_ways(make):
    """Returns what runs one cell forward and another one backward."""

    def run(x):
        with tf.variable_scope("bi"):
            steps = tf.unstack(x, axis=1)
            outputs, _, _ = tf.nn.static_bidirectional_rnn(make(), make(), steps, dtype=tf.float32)
        return tf.stack(outputs, 1)

    return run


def in_parts(run):
    """Returns the same with every variable in two parts along axis 0."""

    def partitioned(x):
        with tf.variable_scope("m", partitioner=tf.fixed_size_partitioner(2)):
            return run(x)

    return partitioned


def stack_of(make, count=2):
    """Returns what makes a stack of cells."""
    return lambda: core.MultiRNNCell([make() for _ in range(count)])


def lstm(**options):
    """Returns what makes the full LSTM."""
    return lambda: core.LSTMCell(UNITS, **options)


EVERYTHING = {
    "use_peepholes": True,
    "num_proj": 3,
    "cell_clip": 0.9,
    "proj_clip": 0.4,
    "forget_bias": 0.3,
}

SEQUENCES = {
    "basic_lstm": unrolled(lambda: core.BasicLSTMCell(UNITS, forget_bias=0.7)),
    "basic_lstm_both_ways": both_ways(lambda: core.BasicLSTMCell(UNITS, forget_bias=0.5)),
    "basic_lstm_stack": unrolled(stack_of(lambda: core.BasicLSTMCell(UNITS, forget_bias=0.0))),
    "lstm": unrolled(lstm(forget_bias=2.0)),
    "lstm_block": unrolled(lambda: contrib.LSTMBlockCell(UNITS, forget_bias=0.25)),
    "lstm_block_fused": fused(forget_bias=0.6),
    "cudnn_compatible_lstm": unrolled(
        lambda: tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell(UNITS),
    ),
    "gru": unrolled(lambda: core.GRUCell(UNITS)),
    "gru_both_ways": both_ways(lambda: core.GRUCell(UNITS)),
    "gru_block": unrolled(lambda: contrib.GRUBlockCell(UNITS)),
    "gru_block_v2": unrolled(lambda: contrib.GRUBlockCellV2(UNITS)),
    "cudnn_compatible_gru": unrolled(
        lambda: tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell(UNITS),
    ),
    "basic_rnn": unrolled(lambda: core.BasicRNNCell(UNITS)),
    "lstm_peepholes": unrolled(lstm(use_peepholes=True, forget_bias=0.4)),
    "lstm_projection": unrolled(lstm(num_proj=3)),
    "lstm_everything": unrolled(lstm(**EVERYTHING)),
    "lstm_everything_both_ways": both_ways(lstm(**EVERYTHING)),
    "lstm_everything_in_parts": in_parts(unrolled(lstm(**EVERYTHING))),
    "lstm_everything_looped": looped(lstm(name="decoder", **EVERYTHING)),
    "lstm_block_peepholes": unrolled(
        lambda: contrib.LSTMBlockCell(UNITS, forget_bias=0.8, use_peephole=True)
    ),
    "layer_norm_lstm": unrolled(lambda: contrib.LayerNormBasicLSTMCell(UNITS, forget_bias=0.35)),
    "layer_norm_lstm_stack": unrolled(stack_of(lambda: contrib.LayerNormBasicLSTMCell(UNITS))),
    "layer_norm_lstm_looped": looped(
        lambda: contrib.LayerNormBasicLSTMCell(UNITS, forget_bias=0.0)
    ),
    "unnormed_lstm": unrolled(
        lambda: contrib.LayerNormBasicLSTMCell(UNITS, forget_bias=0.35, layer_norm=False)
    ),
}
IMAGES = {
    "conv_lstm_2d_looped": looped(
        lambda: contrib.ConvLSTMCell(
            2, [*IMAGE, INPUTS], output_channels=UNITS, kernel_shape=[2, 2], name="encoder"
        )
    ),
    "conv_lstm_1d": unrolled(
        lambda: contrib.Conv1DLSTMCell(
            input_shape=[IMAGE[0], INPUTS], output_channels=UNITS, kernel_shape=[3]
        )
    ),
    "conv_lstm_2d": unrolled(
        lambda: contrib.ConvLSTMCell(
            2, [*IMAGE, INPUTS], output_channels=UNITS, kernel_shape=[3, 2], forget_bias=0.45
        )
    ),
}


def write(folder):
    """Writes a folder for each cell."""
    recording.fresh_folder(folder)
    shapes = dict.fromkeys(SEQUENCES, (STEPS, INPUTS))
    shapes["conv_lstm_1d"] = (STEPS, IMAGE[0], INPUTS)
    shapes["conv_lstm_2d"] = shapes["conv_lstm_2d_looped"] = (STEPS, *IMAGE, INPUTS)
    for name, run in sorted({**SEQUENCES, **IMAGES}.items()):
        _write(os.path.join(folder, name), run, shapes[name])


def _write(folder, run, shape):
    recording.fresh_folder(folder)
    inputs = {"x": recording.normal(1, BATCH, *shape)}
    with tf.Graph().as_default(), recording.session() as sess:
        outputs = recording.named(y=run(tf.placeholder(tf.float32, [None, *shape], "x")))
        sess.run(tf.global_variables_initializer())
        for seed, variable in enumerate(tf.global_variables()):
            variable.load(0.6 * recording.normal(seed + 10, *variable.shape.as_list()), sess)
        recording.record(sess, folder, inputs, outputs)
        saver = tf.train.Saver(save_relative_paths=True)
        path = os.path.join(folder, recording.CHECKPOINT)
        saver.save(sess, path, strip_default_attrs=True)
        recording.describe(os.path.join(folder, "vars.json"))
    recording.check_restores(folder)
