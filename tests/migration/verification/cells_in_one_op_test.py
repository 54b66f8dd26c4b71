"""LSTMs and GRUs of one op, whose first outputs are gates, and lengths that no model takes."""

import keras
import pytest
import tensorflow as tf
from v1_programs import saved

from tf1compat.checkpoint import open_checkpoint
from tf1compat.graph import layers as graph_layers
from tf1compat.graph import rnn_cell
from tf1compat.keras3 import FullLSTMCell
from tf1compat.migration import Status, lint, plan_migration, prove
from tf1compat.migration.verification.settling import settle

v1 = tf.compat.v1
UNITS = 4


def _time_major(**options):
    x = v1.placeholder(tf.float32, [None, None, 3], "x")
    rnn_cell.LSTMBlockFusedCell(UNITS, **options)(x, dtype=tf.float32)


def _unrolled(make):
    def program():
        x = v1.placeholder(tf.float32, [None, 2, 3], "x")
        v1.nn.static_rnn(make(UNITS), tf.unstack(x, axis=1), dtype=tf.float32)

    return program


def _model(layer, *, steps=None, time_major=False):
    x = keras.Input((steps, 3), name="x")
    turned = keras.ops.transpose(x, (1, 0, 2)) if time_major else x
    h = layer(turned)
    return keras.Model(x, keras.ops.transpose(h, (1, 0, 2)) if time_major else h)


CASES = {
    "sequence": (
        _time_major,
        lambda: _model(keras.layers.LSTM(UNITS, return_sequences=True), time_major=True),
        "lstm_fused_cell/BlockLSTM:6",
    ),
    "lstm": (
        _unrolled(rnn_cell.LSTMBlockCell),
        lambda: _model(keras.layers.LSTM(UNITS), steps=2),
        "rnn/lstm_cell/LSTMBlockCell_1:6",
    ),
    "gru": (
        _unrolled(rnn_cell.GRUBlockCellV2),
        lambda: _model(keras.layers.GRU(UNITS, reset_after=False), steps=2),
        "rnn/gru_cell/GRUBlockCell_1:3",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_output_of_a_cell_is_compared_and_none_of_its_gates(name, tmp_path):
    program, make, tensor = CASES[name]
    prefix = saved(tmp_path, program)
    keras.utils.clear_session()
    model = make()
    proof = prove(plan_migration(prefix, model), model)
    assert [one.name for one in proof.outputs] == [tensor]
    assert set(proof.lines.values()) == {Status.PROVED}


def _steps_first(count):
    """As such a cell takes them, without a word of how many sequences there are."""

    def program():
        x = v1.placeholder(tf.float32, [count, None, 3], "x")
        length = v1.placeholder(tf.int32, [None], "length")
        cell = rnn_cell.LSTMBlockFusedCell(UNITS)
        y, _ = cell(x, dtype=tf.float32, sequence_length=length)
        graph_layers.dense(y[-1], 2, name="fc")

    return program


@pytest.mark.parametrize("count", [3, 5])
def test_a_graph_may_have_steps_before_the_batch(count, tmp_path):
    prefix = saved(tmp_path, _steps_first(count))
    layers = [keras.layers.LSTM(UNITS), keras.layers.Dense(2, name="fc")]
    model = keras.Sequential([keras.Input((count, 3), name="x"), *layers])
    proof = prove(plan_migration(prefix, model), model)
    assert set(proof.lines.values()) == {Status.PROVED}
    assert proof.notes == (
        "x:0 has steps before the batch, x behind it",
        "length:0 is the length of the whole sequences",
    )


def _both_ways():
    """As a tagger of names has it: the cells' scopes don't say which one reads from the end."""
    x = v1.placeholder(tf.float32, [None, None, 3], "x")
    count = v1.placeholder(tf.int32, [None], "n")
    ways = []
    for turn in (lambda y: y, lambda y: tf.reverse_sequence(y, count, seq_axis=0, batch_axis=1)):
        sequence = turn(tf.transpose(x, [1, 0, 2]))
        y, _ = rnn_cell.LSTMBlockFusedCell(UNITS)(sequence, dtype=tf.float32, sequence_length=count)
        ways.append(turn(y))
    joined = tf.transpose(tf.concat(ways, -1), [1, 0, 2])
    graph_layers.dense(joined, 2, name="tags")


def test_lengths_that_the_model_does_not_take_are_whole(tmp_path):
    prefix = saved(tmp_path, _both_ways)
    both = keras.layers.Bidirectional(keras.layers.LSTM(UNITS, return_sequences=True))
    model = keras.Sequential([keras.Input((None, 3)), both, keras.layers.Dense(2, name="tags")])
    checkpoint = open_checkpoint(prefix)
    plan = settle(plan_migration(prefix, model), model, checkpoint).plan
    proof = prove(plan, model)
    assert set(proof.lines.values()) == {Status.PROVED}
    assert proof.notes == ("n:0 is the length of the whole sequences",)


def _clipped_in_a_loop():
    x = v1.placeholder(tf.float32, [None, 2, 3], "x")
    v1.nn.dynamic_rnn(rnn_cell.LSTMCell(UNITS, cell_clip=0.5), x, dtype=tf.float32)


@pytest.mark.parametrize(
    "program", [lambda: _time_major(cell_clip=0.5), _clipped_in_a_loop], ids=["one op", "loop"]
)
@pytest.mark.parametrize("clip", [0.5, None])
def test_bounds_of_states_are_compared(program, clip, tmp_path):
    prefix = saved(tmp_path, program)
    layer = keras.layers.RNN(FullLSTMCell(UNITS, cell_clip=clip, name="cell"))
    model = keras.Sequential([keras.Input((2, 3)), layer])
    found = lint(plan_migration(prefix, model), model)
    assert found.compared["cell_clip"] == 1
    said = [one.text for one in found.findings if one.kind == "cell_clip"]
    assert said == ([] if clip else ["bound of the state 0.5 in the v1 graph, none in the model"])
