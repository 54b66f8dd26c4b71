"""Cells of 1.15 that Keras has no equal of go into none of the layers that look like them."""

import pytest
import tensorflow as tf
from cell_goldens import L, full, gru, lstm, model, normed
from v1_programs import saved, without_graph

from tf1compat.graph import rnn_cell
from tf1compat.migration import Assumptions, plan_migration

v1 = tf.compat.v1
STEPS, INPUTS, UNITS = 4, 3, 4

CELLS = {
    "coupled": lambda: rnn_cell.CoupledInputForgetGateLSTMCell(UNITS),
    "coupled_peepholes": lambda: rnn_cell.CoupledInputForgetGateLSTMCell(UNITS, use_peepholes=True),
    "nas": lambda: rnn_cell.NASCell(UNITS, use_bias=True),
    "update_gate": lambda: rnn_cell.UGRNNCell(UNITS),
    "intersection": lambda: rnn_cell.IntersectionRNNCell(INPUTS),
    "groups": lambda: rnn_cell.GLSTMCell(UNITS, number_of_groups=1),
    "simple": lambda: rnn_cell.SRUCell(UNITS),
    "independent": lambda: rnn_cell.IndRNNCell(UNITS),
    "independent_gru": lambda: rnn_cell.IndyGRUCell(UNITS),
    "independent_lstm": lambda: rnn_cell.IndyLSTMCell(UNITS),
    "attention": lambda: rnn_cell.AttentionCellWrapper(rnn_cell.BasicLSTMCell(UNITS), 2),
}


@pytest.fixture(scope="module")
def targets():
    layers = (
        lstm(),
        gru(),
        gru(reset_after=True),
        L.SimpleRNN(UNITS, return_sequences=True),
        full(use_peepholes=True),
        full(projection_units=UNITS),
        normed(),
    )
    return [model([layer]) for layer in layers]


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_without_an_equal_fills_nothing_that_looks_like_it(name, targets, tmp_path):
    def program():
        x = v1.placeholder(tf.float32, [None, STEPS, INPUTS], "x")
        outputs, _ = v1.nn.static_rnn(CELLS[name](), tf.unstack(x, axis=1), dtype=tf.float32)
        tf.stack(outputs, 1, name="y")

    prefix = saved(tmp_path, program)
    assume = Assumptions(forget_bias=1.0)
    for checkpoint in (prefix, without_graph(prefix)):
        complete = [
            index.model.layers[-1].name
            for index in targets
            if plan_migration(checkpoint, index, assume=assume).complete
        ]
        assert complete == []
