"""What the code of a model does besides making one: it prints, moves about, exits."""

import gc
import json
import os
import sys
import warnings

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import ModelError, OutputError
from tf1compat.keras3 import export_weights
from tf1compat.keras3.formats.loading import lazy_model

_MODULE = """
import keras, os, sys

class Dense(keras.layers.Dense):
    ends = ()

    def call(self, x):
        print("called")
        return super().call(x)

    def get_config(self):
        if "get_config" in Dense.ends:
            sys.exit(0)
        return super().get_config()

    def save_own_variables(self, store):
        if "save_own_variables" in Dense.ends:
            raise SystemExit
        super().save_own_variables(store)

def build():
    return keras.Sequential([keras.layers.Input((2,)), Dense(3, name="fc")], name="net")

def talks():
    print("so much to say")
    return build()

def moves():
    os.chdir("/")
    return build()

class MuteError(Exception):
    def __str__(self):
        raise ValueError("in str")

def mute():
    raise MuteError

def closes():
    sys.stdout.close()
    return build()
"""
_WEIGHTS = {"fc/kernel": np.ones((2, 3), np.float32), "fc/bias": np.ones(3, np.float32)}


@pytest.fixture
def module(tmp_path, monkeypatch):
    write_checkpoint(tmp_path / "m", _WEIGHTS)
    (tmp_path / "makers.py").write_text(_MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    import makers

    yield makers
    sys.modules.pop("makers")


@pytest.mark.parametrize("maker", ["talks", "moves", "closes"])
def test_what_a_models_function_does_besides_changes_nothing_of_what_is_said(app, module, maker):
    plain = app("plan", "--checkpoint=m", "--model=makers:build", "--format=json")
    code, out, err = app("plan", "--checkpoint=m", f"--model=makers:{maker}", "--format=json")
    assert (code, json.loads(out)) == (0, json.loads(plain[1]))
    assert ("so much to say" in err) == (maker == "talks")
    assert app("migrate", "--checkpoint=m", f"--model=makers:{maker}", "--output=o.keras")[0] == 0
    assert os.path.exists("o.keras")


@pytest.mark.parametrize(
    ("method", "suffix"), [("get_config", ".keras"), ("save_own_variables", ".weights.h5")]
)
def test_a_layer_that_exits_as_it_is_saved_is_an_error(module, monkeypatch, method, suffix):
    model = lazy_model("makers:build")
    monkeypatch.setattr(module.Dense, "ends", (method,))
    with pytest.raises(ModelError, match=r"can't save this model: .*ends the program \(SystemExit"):
        export_weights(model, f"o{suffix}", lambda weight: None)
    assert not os.path.exists(f"o{suffix}")


def test_an_error_that_cant_say_what_it_is_is_one_of_the_models(app, module):
    code, _, err = app("plan", "--checkpoint=m", "--model=makers:mute")
    assert (code, "mute() raised MuteError: no message" in err) == (1, True)


def test_a_working_directory_that_is_gone_is_said(app, module, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    code, _, err = app("plan", f"--checkpoint={tmp_path}/m", "--model=makers:build")
    assert code == 2
    assert "makers:build: the working directory was removed" in err


def test_what_was_read_back_is_closed_without_a_word(module, tmp_path):
    model = lazy_model("makers:build")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        export_weights(model, tmp_path / "o.keras", lambda weight: None)
        gc.collect()
    assert [one for one in said if one.category is ResourceWarning] == []


def test_values_that_exit_are_an_error_too(tmp_path):
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])

    def read(weight):
        raise SystemExit(0)

    with pytest.raises(
        OutputError, match=r"found ExitedError: it ends the program \(SystemExit: 0"
    ):
        export_weights(model, tmp_path / "o.weights.h5", read)
    assert os.listdir(tmp_path) == []
