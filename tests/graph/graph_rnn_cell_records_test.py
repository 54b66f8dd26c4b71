"""Every recorded cell against TensorFlow 1.15.5: names, shapes, collections, numbers, nodes.

`records/generate_cells.py`, run under TensorFlow 1.15.5, wrote the records.
"""

import contextlib
import importlib.util
import json
import pathlib
import sys
import types

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.graph import rnn_cell

v1 = tf.compat.v1
RECORDS = pathlib.Path(__file__).parent / "records"
REGENERATE = "python3.7 tests/graph/records/generate_cells.py  # with tensorflow==1.15.5"


def load(name):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, RECORDS / f"{name}.py")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


for _name in ("cells_ways", "cells_kinds", "cells_special", "cells_sharing"):
    load(_name)
cases = load("cells_cases").CASES
runner = load("cells_runner")
RECORDED = json.loads((RECORDS / "cells.json").read_text())
NUMBERS = np.load(RECORDS / "cells.npz")
NAMES = types.SimpleNamespace(
    **{name: getattr(v1.nn, name) for name in dir(v1.nn) if "rnn" in name and name != "rnn_cell"}
    | {name: getattr(rnn_cell, name) for name in rnn_cell.__all__}
)
# Other operations than 1.15.5's inside give the outputs other names.
RENAMED = ("ntm:steps", "time_freq:frequencies", "weight_norm:once", "weight_norm:static")
# What 1.15.5 and this package put side by side may differ by, relative to the largest.
TOLERANCE = {"float16": 4e-3, "float32": 1e-5, "float64": 1e-12}


@contextlib.contextmanager
def v1_behaviour():
    """Reference variables and control flow as TensorFlow 1.15 had them by default."""
    v1.disable_control_flow_v2()
    v1.disable_resource_variables()
    v1.disable_v2_tensorshape()
    try:
        yield
    finally:
        v1.enable_control_flow_v2()
        v1.enable_resource_variables()
        v1.enable_v2_tensorshape()


def worst_difference(name, values):
    """Returns the largest difference relative to the largest value of its array."""
    record = RECORDED[name]
    assert [i for i, v in enumerate(values) if v is None] == record["missing"]
    kept = [np.asarray(v, "float64").ravel() for v in values if v is not None]
    assert [k.size for k in kept] == record["sizes"]
    expected = np.split(NUMBERS[name].astype("float64"), np.cumsum(record["sizes"])[:-1])
    worst = 0.0
    for want, got in zip(expected, kept, strict=True):
        scale = max(np.abs(want).max(initial=0.0), 1e-30)
        worst = max(worst, np.abs(want - got).max(initial=0.0) / scale)
    return worst


def check(name):
    graph, outputs, context, record = runner.build(v1, NAMES, cases[name])
    expected = RECORDED[name]
    for key in ("variables", "trainable_weights", "non_trainable_weights"):
        assert record[key] == expected[key], f"{key} of {name}; if meant: {REGENERATE}"
    assert [o[1:] for o in record["outputs"]] == [o[1:] for o in expected["outputs"]]
    worst = worst_difference(name, runner.compute(v1, graph, outputs, context))
    kind = name.partition(":")[2]
    assert worst <= TOLERANCE.get(kind, TOLERANCE["float32"]), name
    return record, worst


def test_every_case_is_recorded():
    assert set(cases) == set(RECORDED) == set(NUMBERS.files)
    assert len(RECORDED) > 300


QUICK = sorted(name for name in cases if not name.endswith(":dynamic"))


@pytest.mark.parametrize("name", QUICK)
def test_cell_is_that_of_1_15(name):
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(cases) - set(QUICK)))
def test_cell_in_a_loop_is_that_of_1_15(name):
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(cases))
def test_cell_under_v1_behaviour_makes_no_more_nodes(name):
    with v1_behaviour():
        record, _ = check(name)
    assert record["nodes"] <= RECORDED[name]["nodes"]
    if name not in RENAMED and "drop" not in name:  # today's dropout ends in another operation
        assert record["outputs"] == RECORDED[name]["outputs"]
