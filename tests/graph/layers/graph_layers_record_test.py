"""Every recorded layer configuration, replayed against what TensorFlow 1.15.5 made of it.

Regenerate the record: see tests/graph/records/layers/generate.py.
"""

import json
import operator
import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf
from records.layers.running import run_case
from records.replay import LAYERS, defaults_of_1_15, plain, plainly
from shares import share

from tf1compat.testing import assert_arrays_close

RECORDS = pathlib.Path(__file__).parents[1] / "records" / "layers"
AGAIN = "differs from TensorFlow 1.15.5; see tests/graph/records/layers/generate.py"
CONFIGS = json.loads((RECORDS / "configurations.json").read_text())
BY_ID = {config["id"]: config for config in CONFIGS}
GRAPHS = json.loads((RECORDS / "graphs.json").read_text())
# Of layers' configurations that are given the same arguments, a share is replayed with reference
# variables, outputs, updates and all. Gradients, and what resource variables change (how a variable
# is made and read, not what an argument does), are taken of a share of each layer's.
NAMES = sorted({config["layer"] for config in CONFIGS})
_layer = operator.itemgetter("layer")


def _arguments(config):
    """Tells which arguments a configuration gives, and how it calls a layer of whatever rank."""
    given = {**config.get("args", {}), **config.get("call", {}), **config.get("scope", {})}
    how = config["form"], "placeholder" in config, config.get("calls")
    return re.sub("[123]d", "", config["layer"]), *how, *sorted(given)


_KEPT = [*share(CONFIGS, 9, _arguments), *share(CONFIGS, 9, _layer)]
REPLAYED = [config for config in CONFIGS if config in _KEPT]
DIFFERENTIATED = share(REPLAYED, 4, _layer)
COUNTED = share(CONFIGS[::-1], 9, _layer)
TODAY = share(CONFIGS, 18, _layer)
SMALLEST = 1e-3  # arrays that hold nothing larger are compared as if they did


@pytest.fixture(scope="module")
def recorded():
    """Returns a function that gives the recorded arrays of a configuration by name."""
    names = {}
    with np.load(RECORDS / "numbers.npz") as numbers:
        for key in numbers.files:
            config, _, array = key.partition("|")
            names.setdefault(config, {})[array] = key
        yield lambda config: {n: numbers[key] for n, key in names.get(config, {}).items()}


def compare(config, arrays, expected):
    assert_arrays_close(
        arrays, expected, f"{config} {AGAIN}", of_largest=1e-5, atol=1e-5 * SMALLEST
    )


def replayed(config, recorded, *, keys, use_resource):
    gradients = config in DIFFERENTIATED
    options = {"session_config": plainly(), "gradients": gradients}
    found, arrays = run_case(tf, LAYERS, config, use_resource, **options)
    for key in keys:
        assert plain(found.get(key)) == GRAPHS[config["id"]].get(key), f"{key} {AGAIN}"
    wanted = recorded(config["id"])
    kept = {n: v for n, v in wanted.items() if gradients or not n.startswith("grad/")}
    compare(config["id"], arrays, kept)
    return found


@pytest.mark.parametrize("config", REPLAYED, ids=lambda config: config["id"])
def test_reference_variables(config, recorded):
    keys = ("variables", "outputs", "losses", "updates", "layer")
    with defaults_of_1_15():
        found = replayed(config, recorded, keys=keys, use_resource=False)
    assert found["ops"] <= GRAPHS[config["id"]]["ops"]


@pytest.mark.parametrize("config", TODAY, ids=lambda config: config["id"])
def test_resource_variables_and_todays_control_flow(config, recorded):
    replayed(config, recorded, keys=("variables", "losses", "updates"), use_resource=True)


@pytest.mark.parametrize("config", COUNTED, ids=lambda config: config["id"])
def test_resource_variables_make_no_more_ops(config):
    with defaults_of_1_15():
        found, _ = run_case(tf, LAYERS, config, True, numbers=False)
    assert found["ops"] <= GRAPHS[config["id"]]["resource_ops"]


def test_the_record_is_of_these_configurations():
    assert [config["id"] for config in CONFIGS] == list(GRAPHS)
    assert len(CONFIGS) >= 400
    for some in (REPLAYED, DIFFERENTIATED, COUNTED, TODAY):
        assert sorted({config["layer"] for config in some}) == NAMES


def poisoned_dense(change):
    """Returns this package's layers with a dense layer whose outputs went through `change`."""
    layers = type(LAYERS)(**vars(LAYERS))
    layers.dense = lambda *args, **kwargs: change(LAYERS.dense(*args, **kwargs))
    return layers


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y: y * float("nan"), "out0.*elements differ, by at most inf"),
        (lambda y: tf.where(y > 0, y, float("nan")), "out0.*elements differ, by at most inf"),
        (lambda y: tf.transpose(y), r"out0'\]: expected shape"),
        (lambda y: tf.cast(y, tf.float64), r"out0'\]: expected dtype float32, found float64"),
        (lambda y: y * 1.0001, "out0.*elements differ, by at most"),
    ],
    ids=["nan", "one nan", "transposed", "dtype", "a little off"],
)
def test_a_wrong_layer_is_seen(recorded, change, words):
    config = next(c for c in CONFIGS if c["layer"] == "dense" and c["input"] == [3, 4])
    with defaults_of_1_15():
        _, arrays = run_case(tf, poisoned_dense(change), config, False)
    with pytest.raises(AssertionError, match=words):
        compare(config["id"], arrays, recorded(config["id"]))
    with pytest.raises(AssertionError, match=r"out0'\]: missing"):
        compare(config["id"], {}, recorded(config["id"]))
