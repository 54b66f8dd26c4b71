import os
import sys
import zipfile

import keras
import numpy as np
import pytest

from tf1compat.errors import ModelError, ModelNotFoundError
from tf1compat.keras3 import build_model, index_model, load_factory, load_model_file

L = keras.layers


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A working directory with a few modules, forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "my_models.py").write_text(
        "import keras\n"
        "number = 3\n"
        "def build_small():\n"
        "    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])\n"
        "class Nested:\n"
        "    build = staticmethod(build_small)\n"
        "ready = build_small()\n"
    )
    (tmp_path / "wants_more.py").write_text("import not_installed_anywhere\n")
    (tmp_path / "leaves.py").write_text("import sys; sys.exit(3)\n")
    yield tmp_path
    for name in ("my_models", "wants_more", "leaves"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("attribute", ["build_small", "Nested.build", "ready"])
def test_a_factory_is_found_in_the_working_directory(project, attribute):
    model = build_model(load_factory(f"my_models:{attribute}"))
    assert list(index_model(model)) == ["dense/kernel", "dense/bias"]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("my_models", "expected module:callable, for example my_models:build, or a file"),
        ("my_models.py", "expected module:callable, for example my_models:build, or a file"),
        ("./my_models.py:ready", "expected module:callable, for example my_models:ready, or a"),
        ("gone.py", "expected module:callable, for example my_project.models:build_classifier, or"),
        ("my_models:", "expected module:callable"),
        (":build", "expected module:callable"),
        ("my_model:build_small", "no module 'my_model'.*here: my_models"),
        ("wants_more:build", "importing wants_more failed: No module named 'not_installed_any"),
        ("leaves:build", "importing leaves failed with SystemExit: 3"),
        ("my_models:build_smal", "my_models has no 'build_smal'; nearest: build_small"),
        ("my_models:Nested.bild", "Nested has no 'bild'; nearest: build"),
        ("my_models:number", "expected a function that returns a model, found a int"),
    ],
)
def test_what_is_wrong_with_a_spec_is_said_in_one_line(project, spec, text):
    with pytest.raises(ModelError, match=text) as caught:
        load_factory(spec)
    assert "\n" not in str(caught.value)
    absent = any(word in text for word in ("module:callable", "no module", "has no"))
    assert isinstance(caught.value, ModelNotFoundError) == absent


def trained():
    x = keras.Input((4,))
    shared = L.Dense(4)
    y = L.BatchNormalization()(L.Dropout(0.1)(shared(shared(x) + x)))
    model = keras.Model(x, keras.Sequential([L.Dense(3)])(y))
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 3)), verbose=0)
    return model


def test_a_file_gives_the_model_without_its_weights(tmp_path):
    path = os.fspath(tmp_path / "model.keras")
    model = trained()
    model.save(path)
    found = load_model_file(path)
    assert [(p, w.shape) for p, w in index_model(found).items()] == [
        (p, w.shape) for p, w in index_model(model).items()
    ]
    if keras.config.backend() == "tensorflow":  # others give values as a layer is called
        with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'assign'"):
            found.weights[0].assign(np.zeros(found.weights[0].shape))


@keras.saving.register_keras_serializable("tf1compat_tests")
class Pair(L.Layer):
    def __init__(self, one, other, **kwargs):
        super().__init__(**kwargs)
        self.one, self.other = one, other

    def build(self, shape):
        for layer in (self.one, self.other):
            if not layer.built:
                layer.build(shape)

    def call(self, x):
        return self.one(x) + self.other(x)

    def get_config(self):
        parts = {"one": self.one, "other": self.other}
        saved = {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}
        return {**super().get_config(), **saved}

    @classmethod
    def from_config(cls, config):
        for name in ("one", "other"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="Keras can't build it there")
def test_layers_that_a_config_shares_stay_shared(tmp_path):
    path = os.fspath(tmp_path / "model.keras")
    one = L.Dense(4)
    model = keras.Sequential([keras.Input((4,)), Pair(one, one), Pair(one, L.Dense(4))])
    model.save(path)
    assert list(index_model(load_model_file(path))) == list(index_model(model))
    assert len(index_model(model)) == 4


def test_what_is_no_keras_file_is_said(tmp_path):
    text = tmp_path / "text.keras"
    text.write_text("not a zip")
    empty = tmp_path / "empty.keras"
    with zipfile.ZipFile(empty, "w"):
        pass
    lies = tmp_path / "lies.keras"
    with zipfile.ZipFile(lies, "w") as archive:
        archive.writestr("config.json", '{"class_name": "Nothing", "config": {}}')
    for path, message in [
        (tmp_path / "missing.keras", "no such file"),
        (text, "can't be read as a .keras file"),
        (empty, "holds no config.json"),
        (lies, "Keras can't make this model"),
        (tmp_path / "model.h5", "expected a .keras file"),
    ]:
        with pytest.raises(ModelError, match=message) as caught:
            load_model_file(path)
        assert os.fspath(path) in str(caught.value)


def test_a_file_executes_nothing(tmp_path):
    path = tmp_path / "lambda.keras"
    keras.Sequential([keras.Input((2,)), L.Lambda(lambda x: x)]).save(path)
    with pytest.raises(ModelError, match=r"(?i)lambda"):
        load_model_file(path)
