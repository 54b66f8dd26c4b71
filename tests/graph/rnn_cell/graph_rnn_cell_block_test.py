"""The one-operation cells are the plain ones, gradients and weights included."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph import rnn_cell
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1


def run_both(first, second, fused=False):
    """Returns what two cells over one set of weights make of a sequence: outputs, gradients."""
    found = []
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(3)
        x = tf.constant(np.random.RandomState(0).uniform(-1, 1, (4, 2, 3)).astype("float32"))
        for index, cell in enumerate((first(), second())):
            with v1.variable_scope("rnn", reuse=index > 0):
                if index and fused:
                    outputs, state = cell(x, dtype=tf.float32, scope="shared")
                else:
                    state, outputs = cell.zero_state(2, tf.float32), []
                    for step in tf.unstack(x):
                        output, state = cell(step, state, scope="shared")
                        outputs.append(output)
            loss = tf.reduce_sum(
                tf.square(tf.stack(outputs) if isinstance(outputs, list) else outputs)
            )
            loss += tf.add_n([tf.reduce_sum(part) for part in tf.nest.flatten(state)])
            found.append([loss, *tf.gradients(loss, [*v1.trainable_variables(), x])])
        session.run(v1.global_variables_initializer())
        return session.run(found)


@pytest.mark.parametrize(("peephole", "limit"), [(False, None), (True, None), (True, 0.1)])
def test_lstm_block_is_the_lstm(peephole, limit):
    plain, block = run_both(
        lambda: rnn_cell.LSTMCell(4, use_peepholes=peephole, cell_clip=limit),
        lambda: rnn_cell.LSTMBlockCell(4, use_peephole=peephole, cell_clip=limit),
    )
    if limit is not None:  # the operation's gradient passes through its clip
        plain, block = plain[:1], block[:1]
    for want, got in zip(plain, block, strict=True):
        assert_arrays_close(got, want, rtol=1e-5, atol=1e-6)


def test_fused_lstm_is_the_lstm():
    plain, fused = run_both(
        lambda: rnn_cell.LSTMCell(4), lambda: rnn_cell.LSTMBlockFusedCell(4), fused=True
    )
    for want, got in zip(plain, fused, strict=True):
        assert_arrays_close(got, want, rtol=1e-5, atol=1e-6)


def test_gru_block_is_the_gru():
    plain, block = run_both(lambda: rnn_cell.GRUCell(4), lambda: rnn_cell.GRUBlockCellV2(4))
    for want, got in zip(plain, block, strict=True):
        assert_arrays_close(got, want, rtol=1e-5, atol=1e-6)


def test_cudnn_compatible_lstm_adds_no_forget_bias():
    plain, block = run_both(
        lambda: rnn_cell.LSTMCell(4, forget_bias=0.0),
        lambda: rnn_cell.CudnnCompatibleLSTMCell(4),
    )
    assert_arrays_close(block[0], plain[0], rtol=1e-6)


def test_gradients_register_once():
    rnn_cell.register_block_gradients()
    rnn_cell.register_block_gradients()


def test_gru_block_wants_one_size():
    with tf.Graph().as_default():
        with pytest.raises(UsageError, match="Exactly one of num_units or cell_size"):
            rnn_cell.GRUBlockCell(3, cell_size=3)
