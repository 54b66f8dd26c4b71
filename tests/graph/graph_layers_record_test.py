"""Every recorded layer configuration, replayed against what TensorFlow 1.15.5 made of it.

Regenerate the record: see tests/graph/records/generate_layers.py.
"""

import json
import pathlib
import sys
import types

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.graph import layers

RECORDS = pathlib.Path(__file__).parent / "records"
sys.path.insert(0, str(RECORDS))

import layer_cases  # noqa: E402
from stand_in import as_in_1x  # noqa: E402

AGAIN = "differs from TensorFlow 1.15.5; see tests/graph/records/generate_layers.py"

CONFIGS = json.loads((RECORDS / "layer_configs.json").read_text())
DESCRIBED = json.loads((RECORDS / "layers.json").read_text())
NUMBERS = np.load(RECORDS / "layers.npz")
NUMBERS_OF: dict[str, dict[str, str]] = {}
for file_key in NUMBERS.files:
    config_id, _, array_key = file_key.partition("|")
    NUMBERS_OF.setdefault(config_id, {})[array_key] = file_key

OURS = types.SimpleNamespace(**{name: getattr(layers, name) for name in layers.__all__})


def worst_difference(recorded, arrays):
    worst = 0.0
    for key, file_key in recorded.items():
        expected, found = NUMBERS[file_key], np.asarray(arrays[key])
        assert expected.shape == found.shape, f"{file_key}: shape {AGAIN}"
        assert expected.dtype == found.dtype, f"{file_key}: dtype {AGAIN}"
        size = max(float(np.max(np.abs(expected), initial=0.0)), 1e-3)
        worst = max(worst, float(np.max(np.abs(expected - found), initial=0.0)) / size)
    return worst


def check(config, record_property, *, use_resource, tolerance=1e-5):
    expected = DESCRIBED[config["id"]]
    found, arrays = layer_cases.run_case(tf, OURS, config, use_resource)
    for key in ("variables", "outputs", "losses", "updates", "layer"):
        assert found.get(key) == json.loads(json.dumps(expected.get(key))), f"{key} {AGAIN}"
    recorded = NUMBERS_OF.get(config["id"], {})
    assert set(recorded) == set(arrays), AGAIN
    worst = worst_difference(recorded, arrays)
    record_property("worst", worst)
    assert worst <= tolerance, AGAIN
    return found, expected


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config["id"])
def test_reference_variables(config, record_property):
    with as_in_1x():
        found, expected = check(config, record_property, use_resource=False)
    assert found["ops"] <= expected["ops"]


@pytest.mark.parametrize("config", CONFIGS[::4], ids=lambda config: config["id"])
def test_resource_variables_and_todays_control_flow(config, record_property):
    expected = DESCRIBED[config["id"]]
    found, arrays = layer_cases.run_case(tf, OURS, config, True)
    for key in ("variables", "losses", "updates"):
        assert found[key] == expected[key], f"{key} {AGAIN}"
    assert worst_difference(NUMBERS_OF.get(config["id"], {}), arrays) <= 1e-5, AGAIN


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config["id"])
def test_resource_variables_make_no_more_ops(config):
    with as_in_1x():
        found, _ = layer_cases.run_case(tf, OURS, config, True, numbers=False)
    assert found["ops"] <= DESCRIBED[config["id"]]["resource_ops"]


def test_the_record_is_of_these_configurations():
    assert [config["id"] for config in CONFIGS] == list(DESCRIBED)
    assert len(CONFIGS) >= 400
