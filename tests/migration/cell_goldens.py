"""Goldens of recurrent cells, and the layers that have to compute the same."""

import os
import pathlib

import keras
from bare_copies import bare_copy

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.keras3 import FullLSTMCell, NormedLSTMCell, index_model
from tf1compat.migration import convert, load_recording
from tf1compat.testing import assert_arrays_close

GOLDENS = pathlib.Path(__file__).parents[1] / "goldens" / "cells"
L = keras.layers
UNITS, INPUTS, STEPS = 4, 3, 4
EVERYTHING = {
    "use_peepholes": True,
    "projection_units": 3,
    "cell_clip": 0.9,
    "projection_clip": 0.4,
}


def lstm(name="lstm"):
    return L.LSTM(UNITS, return_sequences=True, name=name)


def gru(*, reset_after=False):
    return L.GRU(UNITS, return_sequences=True, reset_after=reset_after, name="gru")


def full(**options):
    return L.RNN(FullLSTMCell(UNITS, **options), return_sequences=True, name="rnn")


def normed(name="rnn"):
    return L.RNN(NormedLSTMCell(UNITS), return_sequences=True, name=name)


def both_ways(layer):
    return L.Bidirectional(layer, name="both")


def conv(layer, size):
    return layer(UNITS, size, padding="same", return_sequences=True, recurrent_activation="sigmoid")


# By golden: the forget_bias that has to be said without a graph, None where no name leaves it
# open, and what makes the layers.
CELLS = {
    "basic_lstm": (0.7, lambda: [lstm()]),
    "basic_lstm_both_ways": (0.5, lambda: [both_ways(lstm())]),
    "basic_lstm_stack": (0.0, lambda: [lstm("first"), lstm("second")]),
    "lstm": (2.0, lambda: [lstm()]),
    "lstm_block": (0.25, lambda: [lstm()]),
    "lstm_block_fused": (0.6, lambda: [lstm()]),
    "cudnn_compatible_lstm": (None, lambda: [lstm()]),
    "cudnn_compatible_gru": (None, lambda: [gru(reset_after=True)]),
    "unnormed_lstm": (0.35, lambda: [lstm()]),
    "gru": (None, lambda: [gru()]),
    "gru_both_ways": (None, lambda: [both_ways(gru())]),
    "gru_block": (None, lambda: [gru()]),
    "gru_block_v2": (None, lambda: [gru()]),
    "basic_rnn": (None, lambda: [L.SimpleRNN(UNITS, return_sequences=True, name="rnn")]),
    "lstm_peepholes": (0.4, lambda: [full(use_peepholes=True)]),
    "lstm_block_peepholes": (0.8, lambda: [full(use_peepholes=True)]),
    "lstm_projection": (1.0, lambda: [full(projection_units=3)]),
    "lstm_everything": (0.3, lambda: [full(**EVERYTHING)]),
    "lstm_everything_both_ways": (0.3, lambda: [both_ways(full(**EVERYTHING))]),
    "lstm_everything_looped": (0.3, lambda: [full(**EVERYTHING)]),
    "lstm_everything_in_parts": (0.3, lambda: [full(**EVERYTHING)]),
    "layer_norm_lstm": (0.35, lambda: [normed()]),
    "layer_norm_lstm_stack": (1.0, lambda: [normed("first"), normed("second")]),
    "layer_norm_lstm_looped": (0.0, lambda: [normed()]),
    "conv_lstm_1d": (1.0, lambda: [conv(L.ConvLSTM1D, 3)]),
    "conv_lstm_2d": (0.45, lambda: [conv(L.ConvLSTM2D, (3, 2))]),
}


def model(layers, shape=(STEPS, INPUTS)):
    x = h = keras.Input(shape, name="x")
    for layer in layers:
        h = layer(h)
    return index_model(keras.Model(x, h))


def values_of(name):
    """Returns the values of a golden by their names."""
    return {key: entry.read() for key, entry in open_checkpoint(GOLDENS / name).items()}


def written(folder, values):
    """Returns the prefix of a checkpoint of some values, without a graph."""
    write_checkpoint(os.fspath(folder / "model.ckpt"), values)
    return folder / "model.ckpt"


def without_graph(folder, name):
    """Returns the prefix of a copy of a golden without its graph."""
    return bare_copy(GOLDENS / name, folder)


def recorded(name):
    return load_recording(GOLDENS / name / "io.npz")


def assert_computes_what_was_recorded(plan, index, recording):
    assert plan.complete, str(plan)
    convert(plan, index)
    (expected,) = recording.outputs.values()
    outputs = keras.ops.convert_to_numpy(index.model(recording.inputs["x"]))
    assert_arrays_close({"y": outputs}, {"y": expected}, of_largest=1e-6)
