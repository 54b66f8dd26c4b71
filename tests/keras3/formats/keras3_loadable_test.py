"""What Keras loads was looked at, and is what was looked at: by whatever way it is loaded."""

import io
import os
import zipfile

import h5py
import keras
import numpy as np
import pytest

from tf1compat.errors import ModelError, OutputError
from tf1compat.keras3 import load_model, load_model_file
from tf1compat.testing import assert_arrays_equal

L = keras.layers


@keras.saving.register_keras_serializable(package="loadable")
class Pair(L.Layer):
    """Two layers, which may be one."""

    def __init__(self, one, other, **others):
        super().__init__(**others)
        self.one, self.other = one, other

    def call(self, x):
        return self.one(x) + self.other(x)

    def get_config(self):
        parts = {"one": self.one, "other": self.other}
        saved = {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}
        return {**super().get_config(), **saved}

    @classmethod
    def from_config(cls, config):
        parts = {
            name: keras.saving.deserialize_keras_object(config.pop(name))
            for name in ("one", "other")
        }
        return cls(**parts, **config)


@pytest.fixture
def saved(tmp_path):
    """A `.keras` file of a model with one layer in two places, which Keras loads as a whole."""
    layer = L.Dense(2)
    layer.build((None, 2))
    path = tmp_path / "m.keras"
    keras.Sequential([keras.Input((2,)), Pair(layer, layer)]).save(path)
    return path


def with_external_values(path):
    """Has a dataset of the weights take its values from a file beside it."""
    changed = io.BytesIO()
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    weights = io.BytesIO(members["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        found = []
        file.visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
        for name in found:
            shape = file[name].shape
            del file[name]
            file.create_dataset(name, shape, "f4", external=[(str(path) + ".raw", 0, 4 * 100)])
    members["model.weights.h5"] = weights.getvalue()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    path.write_bytes(changed.getvalue())


def test_a_whole_model_with_values_elsewhere_is_not_loaded(saved):
    with_external_values(saved)
    os.mkfifo(str(saved) + ".raw")  # it would wait there
    with pytest.raises(ModelError, match=r"m.keras: Keras isn't let load it") as caught:
        load_model_file(saved)
    assert "layers/pair" in str(caught.value)


def test_errors_of_weights_name_the_file_that_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "m.weights.h5"
    keras.Sequential([keras.Input((5,)), L.Dense(2)]).save_weights(path)
    (tmp_path / "loadable_model.py").write_text(
        "import keras\n"
        "def build():\n"
        "    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    said = r"m\.weights\.h5: expected weights of this model"
    with pytest.raises(ModelError, match=said) as caught:
        load_model("loadable_model:build", weights=str(path))
    assert "tf1compat-scratch" not in str(caught.value)


@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5"])
def test_weights_that_are_no_regular_file_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / name)
    with pytest.raises(OutputError, match=f"{name}: .*expected a regular file, found a FIFO"):
        load_model("no:model", weights=name)


def test_what_is_swapped_after_it_was_looked_at_is_not_what_keras_loads(tmp_path, monkeypatch):
    path = tmp_path / "m.keras"
    keras.Sequential([keras.Input((3,)), L.Dense(2, kernel_initializer="ones")]).save(path)
    other = tmp_path / "other.keras"
    keras.Sequential([keras.Input((3,)), L.Dense(2, kernel_initializer="zeros")]).save(other)
    real = keras.saving.load_model

    def swapped(*args, **keywords):
        os.replace(other, path)
        return real(*args, **keywords)

    monkeypatch.setattr(keras.saving, "load_model", swapped)
    model = load_model(str(path), weights=str(path))
    assert_arrays_equal(np.asarray(model.layers[0].kernel), np.ones((3, 2), np.float32))
