"""Every recorded cell against TensorFlow 1.15.5: names, shapes, collections, numbers, nodes.

`records/generate_cells.py`, run under TensorFlow 1.15.5, wrote the records.
"""

import importlib.util
import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

v1 = tf.compat.v1


def shared():
    path = pathlib.Path(__file__).parent / "records" / "cells_here.py"
    spec = importlib.util.spec_from_file_location("cells_here", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


here = shared()
REGENERATE = "python3.7 tests/graph/records/generate_cells.py  # with tensorflow==1.15.5"
cases = here.load(
    "cells_ways", "cells_kinds", "cells_special", "cells_sharing", "cells_cases"
).CASES
runner = here.load("cells_runner")
RECORDED = json.loads((here.RECORDS / "cells.json").read_text())
NUMBERS = np.load(here.RECORDS / "cells.npz")
# Other operations than 1.15.5's inside give the outputs other names.
RENAMED = ("ntm:steps", "time_freq:frequencies", "weight_norm:once", "weight_norm:static")
# What 1.15.5 and this package put side by side may differ by, relative to the largest.
TOLERANCE = {"float16": 4e-3, "float32": 1e-5, "float64": 1e-12}


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
    graph, outputs, context, record = runner.build(v1, here.NAMES, cases[name])
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
    with here.v1_behaviour():
        record, _ = check(name)
    assert record["nodes"] <= RECORDED[name]["nodes"]
    if name not in RENAMED and "drop" not in name:  # today's dropout ends in another operation
        assert record["outputs"] == RECORDED[name]["outputs"]
