"""Files of models of classes that Keras doesn't know: the model that they are of is asked."""

import sys
import types

import keras
import numpy as np
import pytest

from tf1compat.errors import ModelError
from tf1compat.keras3 import load_model, load_model_file
from tf1compat.keras3.models.own_classes import own_objects, unregistered_classes
from tf1compat.testing import assert_arrays_equal

L = keras.layers


def twice(x):
    return x * 2


class Ones(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return keras.ops.ones(shape, dtype)


def build():
    class Local(L.Dense):
        """Found in the model alone: its name is in no module."""

    inner = keras.Sequential([keras.Input((3,)), L.Dense(2, kernel_initializer=Ones())])
    return keras.Sequential([keras.Input((4,)), Local(3, activation=twice), inner])


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A module that makes a model of such classes, and a file of one that it made."""
    module = types.ModuleType("own_classes_models")
    module.build = build
    monkeypatch.setitem(sys.modules, module.__name__, module)
    path = str(tmp_path / "m.keras")
    model = build()
    model.layers[0].bias.assign([1, 2, 3])
    model.save(path)
    return path, model


def test_a_file_is_loaded_with_classes_of_the_model_that_it_is_of(written):
    path, model = written
    assert unregistered_classes(model) == ("Local", "Ones", "twice")
    loaded = load_model("own_classes_models:build", weights=path)
    assert type(loaded.layers[0]).__name__ == "Local"
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    found, expected = (keras.ops.convert_to_numpy(one(x)) for one in (loaded, model))
    assert_arrays_equal(found, expected)


def test_a_file_alone_says_which_are_unknown_and_what_to_name(written):
    path, _ = written
    said = r"m\.keras: .*Keras knows, found Local, Ones, twice of your own; .*module:callable"
    with pytest.raises(ModelError, match=said):
        load_model_file(path)
    with pytest.raises(ModelError, match=said):  # the file is given as its own model
        load_model(path, weights=path)


def test_a_model_without_them_lends_none(written, monkeypatch):
    path, _ = written
    plain = keras.Sequential([keras.Input((4,)), L.Dense(3, activation=twice), L.Dense(2)])
    sys.modules["own_classes_models"].build = lambda: plain
    with pytest.raises(ModelError, match=r"found Local, Ones of your own"):
        load_model("own_classes_models:build", weights=path)


def test_two_of_one_name_are_refused():
    first, second = (type("Same", (L.Dense,), {}) for _ in range(2))
    model = keras.Sequential([keras.Input((2,)), first(2), second(2)])
    with pytest.raises(ModelError, match=r"(?s)tell apart.*Same: expected one class.* and .*Same"):
        own_objects(model)
