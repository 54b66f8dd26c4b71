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
from shares import share

from tf1compat.keras3 import index_model
from tf1compat.testing import assert_arrays_close

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


def compare(outputs, expected):
    assert_arrays_close(outputs, expected, of_largest=TOLERANCE)


def outputs_and_record(expected):
    """Returns what the filled model computes and what is recorded, by the outputs' names."""
    with np.load(HERE / expected["golden"] / expected["record"]) as stored:
        record = dict(stored)
    inputs = [record[n] for n in record if n.startswith("in/")]
    outputs = filled_model(expected)(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    names = [n for n in record if n.startswith("out/")]
    found = dict(zip(names, map(np.asarray, outputs), strict=True))
    return found, {name: record[name] for name in names}


# That plans are as these maps say and compute the same, tests of migration look at, each of them.
@pytest.mark.parametrize("name", share(MAPS, 3))
def test_the_example_computes_what_tensorflow_1_did(name):
    compare(*outputs_and_record(expected_map(name)))


def test_wrong_outputs_are_seen():
    with np.load(HERE / "dense_siamese" / "io.npz") as stored:
        name = next(n for n in stored.files if n.startswith("out/"))
        value = stored[name]
    compare({name: value}, {name: value})
    for wrong, words in (
        (value * np.float32("nan"), "elements differ, by at most inf"),
        (value.T[None], "expected shape"),
        (value.astype(np.float64), "expected dtype float32, found float64"),
        (value * np.float32(1.0001), "elements differ"),
    ):
        with pytest.raises(AssertionError, match=words):
            compare({name: wrong}, {name: value})


@pytest.mark.parametrize("name", MAPS)
def test_every_variable_is_used_or_dropped_once(name):
    expected = expected_map(name)
    variables = json.loads((HERE / expected["golden"] / "vars.json").read_text())["variables"]
    names = {re.sub(r"/part_\d+$", "", variable["name"]) for variable in variables}
    used = [source for fill in expected["fills"].values() for source in fill["sources"]]
    assert len(used) == len(set(used))
    assert sorted(names) == sorted([*used, *expected["drops"]])
