"""Deferred models are held against plainly built ones."""

import os

import keras
import numpy as np
import pytest

from tf1compat.errors import ModelError
from tf1compat.keras3 import build_model, index_model, initialize_model
from tf1compat.testing import assert_arrays_equal

L = keras.layers


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = L.Dense(8)
        self.dropout = L.Dropout(0.2)
        self.last = L.Dense(2)

    def call(self, x):
        return self.last(self.dropout(self.first(x)))


class WithBuild(Subclassed):
    def build(self, shape):
        self.first.build(shape)
        self.last.build((*shape[:-1], 8))
        self.built = True


def functional():
    x = keras.Input((4,))
    return keras.Model(x, L.Dense(2)(L.BatchNormalization()(L.Dropout(0.1)(L.Dense(8)(x)))))


def by_build():
    model = WithBuild()
    model.build((None, 4))
    return model


def by_call():
    model = Subclassed()
    model(np.zeros((1, 4), "float32"))
    return model


def by_input():
    model = Subclassed()
    model(keras.Input((4,)))
    return model


def recurrent():
    x = keras.Input((3, 4))
    return keras.Model(x, L.Dense(2)(L.Bidirectional(L.LSTM(3))(x)))


def published():
    return keras.applications.MobileNet(weights=None, input_shape=(32, 32, 3), classes=2)


def described(index):
    return [(p, w.shape, w.dtype, w.role, w.trainable, w.order) for p, w in index.items()]


@pytest.mark.parametrize("factory", [functional, by_build, by_call, by_input, recurrent, published])
def test_a_deferred_model_has_the_index_of_a_plain_one(factory):
    calls = []

    def counted():
        calls.append(1)
        return factory()

    deferred = build_model(counted)
    assert len(calls) == 1
    if keras.config.backend() == "tensorflow":  # others give values as a layer is called
        with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'assign'"):
            deferred.weights[0].assign(np.zeros(deferred.weights[0].shape))
    assert described(index_model(deferred)) == described(index_model(factory()))
    initialize_model(deferred)
    weight = deferred.weights[0]
    weight.assign(np.ones(weight.shape))
    assert float(np.min(keras.ops.convert_to_numpy(weight))) == 1.0


def test_initializing_gives_initial_values_and_leaves_others_alone():
    model = build_model(functional)
    initialize_model(model)
    norm = model.layers[3]
    assert_arrays_equal(keras.ops.convert_to_numpy(norm.gamma), np.ones(8, np.float32))
    norm.gamma.assign(np.full(8, 3.0))
    initialize_model(model)
    assert_arrays_equal(keras.ops.convert_to_numpy(norm.gamma), np.full(8, 3.0, np.float32))


def test_a_factory_that_assigns_keeps_what_it_assigned():
    def assigning():
        model = functional()
        model.layers[1].bias.assign(np.full(8, 7.0))
        return model

    assert_arrays_equal(
        keras.ops.convert_to_numpy(build_model(assigning).layers[1].bias),
        np.full(8, 7.0, np.float32),
    )


def test_a_factory_that_loads_weights_keeps_them(tmp_path):
    path = tmp_path / "given.weights.h5"
    given = functional()
    given.save_weights(path)

    def loading():
        model = functional()
        model.load_weights(path)
        return model

    found = build_model(loading)
    for a, b in zip(found.weights, given.weights, strict=True):
        assert_arrays_equal(keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b))


def test_variables_from_arrays_are_built_plainly():
    class FromArray(L.Layer):
        def build(self, shape):
            self.table = keras.Variable(np.arange(3.0), name="table")

        def call(self, x):
            return x + self.table

    model = build_model(lambda: keras.Sequential([keras.Input((3,)), FromArray(name="layer")]))
    assert list(index_model(model)) == ["layer/table"]
    assert_arrays_equal(keras.ops.convert_to_numpy(model.layers[0].table), [0.0, 1.0, 2.0])


def test_a_factory_that_raises_is_one_clear_line():
    def broken():
        raise RuntimeError("no GPU\nat all")

    with pytest.raises(ModelError, match=r"broken\(\) raised RuntimeError: no GPU$"):
        build_model(broken)
    with pytest.raises(ModelError, match="found a int"):
        build_model(lambda: 5)


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_deferred_weights_take_no_memory():
    def factory(width):
        layers = [L.Dense(width) for _ in range(8)]
        return keras.Sequential([keras.Input((width,)), *layers])

    build_model(lambda: factory(8))
    before = resident()
    index = index_model(build_model(lambda: factory(4096)))
    grown = resident() - before
    size = sum(w.shape[0] * w.shape[-1] * 4 for w in index.values())
    # Keras would hold them, and give them values when it leaves its next StatelessScope: 500 MB.
    keras.utils.clear_session()
    assert size > 500e6
    assert grown < 50e6
