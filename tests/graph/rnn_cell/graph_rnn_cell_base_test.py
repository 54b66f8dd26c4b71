"""What cells owe the graph, apart from what TensorFlow 1.15.5's records tell."""

import copy

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import GraphError, UsageError
from tf1compat.graph import rnn_cell
from tf1compat.graph.rnn_cell._linear import Linear, linear
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

v1 = tf.compat.v1


def test_a_cell_makes_variables_once_and_no_node_after_finalize():
    with tf.Graph().as_default() as graph, v1.Session() as session:
        cell = rnn_cell.MultiRNNCell([rnn_cell.LSTMCell(3), rnn_cell.UGRNNCell(2)])
        outputs, _ = v1.nn.dynamic_rnn(cell, tf.ones([2, 4, 3]), dtype=tf.float32)
        session.run(v1.global_variables_initializer())
        graph.finalize()
        first, second = session.run(outputs), session.run(outputs)
    assert_arrays_equal(first, second)


def test_reference_variables_work_in_a_loop_of_today():
    with tf.Graph().as_default(), v1.Session() as session:
        with v1.variable_scope("net", use_resource=False):
            cell = rnn_cell.LSTMCell(3)
            outputs, _ = v1.nn.dynamic_rnn(cell, tf.ones([2, 4, 3]), dtype=tf.float32)
        session.run(v1.global_variables_initializer())
        assert session.run(outputs).shape == (2, 4, 3)


def test_eager_calls_are_refused_with_a_remedy():
    with pytest.raises(GraphError, match=r"eager mode.*tf.Graph\(\).as_default\(\)"):
        rnn_cell.GRUCell(3)(tf.zeros([2, 3]), tf.zeros([2, 3]))


@pytest.mark.parametrize("kind", [rnn_cell.GRUCell, rnn_cell.UGRNNCell])
def test_a_copied_cell_keeps_the_variables(kind):
    with tf.Graph().as_default():
        cell = kind(3)
        before, _ = cell(tf.zeros([2, 3]), tf.zeros([2, 3]))
        twin = copy.deepcopy(cell)
        after, _ = twin(tf.zeros([2, 3]), tf.zeros([2, 3]))
        assert twin is not cell
        assert before is not after
        assert len(v1.global_variables()) == len(cell.weights)
        assert [a is b for a, b in zip(twin.weights, cell.weights, strict=True)] == [True] * len(
            cell.weights
        )


def test_forget_bias_is_added_and_not_stored():
    with tf.Graph().as_default(), v1.Session() as session:
        cell = rnn_cell.BasicLSTMCell(2, forget_bias=3.0)
        with v1.variable_scope("zero", initializer=v1.zeros_initializer()):
            _, state = cell(tf.zeros([1, 1]), rnn_cell.LSTMStateTuple(*[tf.ones([1, 2])] * 2))
        session.run(v1.global_variables_initializer())
        c, bias = session.run([state.c, cell.weights[1]])
    assert_arrays_equal(bias, np.zeros(8, np.float32))
    assert_arrays_close(c, np.full((1, 2), 1 / (1 + np.exp(-3.0)), np.float32), rtol=1e-6)


def test_variational_dropout_drops_the_same_units_at_every_step():
    with tf.Graph().as_default(), v1.Session() as session:
        cell = rnn_cell.DropoutWrapper(
            rnn_cell.BasicRNNCell(50),
            output_keep_prob=0.5,
            variational_recurrent=True,
            dtype=tf.float32,
        )
        outputs, _ = v1.nn.dynamic_rnn(cell, tf.ones([3, 4, 5]), dtype=tf.float32)
        session.run(v1.global_variables_initializer())
        dropped = session.run(outputs) == 0
    assert_arrays_equal(dropped, np.broadcast_to(dropped[:1, :1], dropped.shape))
    assert 5 < dropped[0, 0].sum() < 45


def test_unseeded_dropout_keeps_its_share_and_scales():
    with tf.Graph().as_default(), v1.Session() as session:
        inner = rnn_cell.BasicRNNCell(1000, activation="linear")
        cell = rnn_cell.DropoutWrapper(inner, output_keep_prob=0.8)
        with v1.variable_scope("one", initializer=v1.ones_initializer()):
            output, _ = cell(tf.ones([20, 1]), tf.zeros([20, 1000]))
        session.run(v1.global_variables_initializer())
        values = session.run(output)
    kept = values != 0
    assert abs(kept.mean() - 0.8) < 0.02  # five standard deviations
    assert_arrays_close(values[kept], np.full(kept.sum(), 1 / 0.8, np.float32), rtol=1e-6)


def test_linear_gets_kernel_and_unpartitioned_bias():
    partitioner = v1.fixed_size_partitioner(2)
    with tf.Graph().as_default():
        with v1.variable_scope("s", partitioner=partitioner):
            out = linear([tf.zeros([2, 3]), tf.zeros([2, 1])], 5, True)
        assert out.shape.as_list() == [2, 5]
        names = [variable.op.name for variable in v1.global_variables()]
    assert names == ["s/kernel/part_0", "s/kernel/part_1", "s/bias"]


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([], "`args` must be specified"),
        ([[2, 3, 4]], "expecting 2D arguments"),
        ([[2, None]], r"expects shape\[1\] to be provided"),
    ],
)
def test_linear_refuses(shapes, message):
    with tf.Graph().as_default():
        args = [v1.placeholder(tf.float32, shape) for shape in shapes]
        with pytest.raises(UsageError, match=message):
            Linear(args, 5, True)


def test_default_scope_names_follow_the_class():
    with tf.Graph().as_default():
        for name in ("LSTMCell", "GRUCell", "UGRNNCell", "NASCell", "IndyLSTMCell", "SRUCell"):
            cell = getattr(rnn_cell, name)(3)
            cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
        scopes = {variable.op.name.split("/")[0] for variable in v1.global_variables()}
    assert scopes == {
        "lstm_cell",
        "gru_cell",
        "ugrnn_cell",
        "nas_cell",
        "indy_lstm_cell",
        "sru_cell",
    }
