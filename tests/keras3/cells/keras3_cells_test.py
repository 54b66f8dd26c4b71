"""Cells of 1.x for Keras: they are saved and loaded, and are Keras' own where they add nothing."""

import os

import keras
import numpy as np
import pytest

from tf1compat.errors import UsageError
from tf1compat.keras3 import FullLSTMCell, NormedLSTMCell, index_model, load_model_file
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

L = keras.layers
X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], bool)
OPTIONS = {
    "use_peepholes": True,
    "projection_units": 3,
    "cell_clip": 0.5,
    "projection_clip": 0.25,
    "activation": "relu",
}
CELLS = {
    "full": lambda: FullLSTMCell(4, **OPTIONS),
    "plain": lambda: FullLSTMCell(4),
    "normed": lambda: NormedLSTMCell(4, epsilon=1e-3),
}
LSTM_WEIGHTS = ("kernel", "recurrent_kernel", "bias")


def _model(layer):
    x = keras.Input(X.shape[1:])
    return keras.Model(x, layer(x))


def _scrambled(model):
    """Returns the model with weights of a seed, biases too."""
    random = np.random.default_rng(1)
    model.set_weights([random.normal(size=w.shape).astype("float32") for w in model.get_weights()])
    return model


@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_a_model_comes_back_from_its_file(name, both_ways, tmp_path):
    layer = L.RNN(CELLS[name](), return_sequences=True)
    model = _scrambled(_model(L.Bidirectional(layer) if both_ways else layer))
    path = os.fspath(tmp_path / "model.keras")
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert_arrays_equal(keras.ops.convert_to_numpy(loaded(X)), keras.ops.convert_to_numpy(model(X)))
    again = load_model_file(path)
    assert list(index_model(again)) == list(index_model(model))


@pytest.mark.parametrize("name", CELLS)
def test_what_it_is_made_with_is_in_its_config(name):
    config = CELLS[name]().get_config()
    assert type(CELLS[name]()).from_config(config).get_config() == config


def test_without_more_it_is_the_lstm_of_keras():
    own, keras_own = _model(L.RNN(FullLSTMCell(4))), _scrambled(_model(L.LSTM(4)))
    own.set_weights(keras_own.get_weights())
    outputs = (keras.ops.convert_to_numpy(m(X)) for m in (own, keras_own))
    assert_arrays_close(*outputs, of_largest=1e-6)


def test_masked_steps_are_passed_over():
    model = _scrambled(_model(L.RNN(FullLSTMCell(4, **OPTIONS))))
    layer = model.layers[-1]
    masked = keras.ops.convert_to_numpy(layer(X, mask=MASK))
    assert_arrays_close(masked[:1], keras.ops.convert_to_numpy(layer(X[:1, :3])), of_largest=1e-6)


def test_weights_are_named_and_none_starts_as_another():
    cell = FullLSTMCell(4, **OPTIONS)
    cell.build((None, 3))
    peepholes = ("input_peephole", "forget_peephole", "output_peephole")
    expected = [*LSTM_WEIGHTS, *peepholes, "projection_kernel"]
    assert [weight.name for weight in cell.weights] == expected
    starts = {tuple(np.asarray(getattr(cell, name))) for name in peepholes}
    assert len(starts) == len(peepholes)


def test_sizes_and_bounds_have_to_be_positive():
    with pytest.raises(UsageError, match=r"units=0, cell_clip=-1\.0, projection_clip without"):
        FullLSTMCell(0, cell_clip=-1.0, projection_clip=1.0)
