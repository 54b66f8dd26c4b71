"""The expected maps are right: with them, the example models compute what TensorFlow 1.15.5 did.

Nothing of this package takes part but the paths of a model's weights: the values come from
TensorFlow's own reader and go in by the map's layouts, so the maps can be the standard that plans
are measured by.
"""

import importlib
import json
import pathlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.keras3 import index_model

HERE = pathlib.Path(__file__).parent
MAPS = sorted(path.stem for path in (HERE / "expected").glob("*.json"))
TOLERANCE = 1e-5  # of the largest output


@pytest.fixture(autouse=True)
def root_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE.parent.parent))


def expected_map(name):
    return json.loads((HERE / "expected" / f"{name}.json").read_text())


def built_model(expected):
    module, _, factory = expected["model"].partition(":")
    keras.utils.clear_session()
    return getattr(importlib.import_module(module), factory)()


def laid_out(value, layout):
    name, *numbers = re.findall(r"[a-z]+|-?\d+", layout)
    numbers = tuple(int(n) for n in numbers)
    if name == "identity":
        return value
    return {"reshape": np.reshape, "transpose": np.transpose, "squeeze": np.squeeze}[name](
        value, numbers
    )


def filled_model(expected):
    model = built_model(expected)
    reader = tf.train.load_checkpoint(str(HERE / expected["golden"] / "model.ckpt"))
    index = index_model(model)
    assert set(index) == set(expected["fills"])
    for path, fill in expected["fills"].items():
        (source,) = fill["sources"]
        index[path].variable.assign(laid_out(reader.get_tensor(source), fill["layout"]))
    return model


def relative_errors(expected):
    record = np.load(HERE / expected["golden"] / expected["record"])
    inputs = [record[n] for n in record.files if n.startswith("in/")]
    outputs = filled_model(expected)(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    names = [n for n in record.files if n.startswith("out/")]
    return {
        name: float(np.abs(np.asarray(value) - record[name]).max() / np.abs(record[name]).max())
        for name, value in zip(names, outputs, strict=True)
    }


@pytest.mark.parametrize("name", MAPS)
def test_the_example_computes_what_tensorflow_1_did(name):
    errors = relative_errors(expected_map(name))
    print(name, {k: f"{v:.1e}" for k, v in errors.items()})
    assert max(errors.values()) < TOLERANCE


@pytest.mark.parametrize("name", MAPS)
def test_every_variable_is_used_or_dropped_once(name):
    expected = expected_map(name)
    variables = json.loads((HERE / expected["golden"] / "vars.json").read_text())["variables"]
    names = {re.sub(r"/part_\d+$", "", variable["name"]) for variable in variables}
    used = [source for fill in expected["fills"].values() for source in fill["sources"]]
    assert len(used) == len(set(used))
    assert sorted(names) == sorted([*used, *expected["drops"]])
