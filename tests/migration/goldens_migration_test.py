"""Every golden migrates onto its example model as its expected map says, and computes the same."""

import importlib
import json
import pathlib

import keras
import numpy as np
import pytest

from tf1compat.keras3 import index_model
from tf1compat.migration import (
    convert,
    load_recording,
    plan_migration,
    record_graph,
    verify,
)

ROOT = pathlib.Path(__file__).parents[2]
GOLDENS = ROOT / "tests" / "goldens"
MAPS = sorted(path.stem for path in (GOLDENS / "expected").glob("*.json"))
TOLERANCE = 1e-5  # of the largest output


@pytest.fixture(autouse=True)
def root_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))


def _planned(name):
    expected = json.loads((GOLDENS / "expected" / f"{name}.json").read_text())
    module, _, factory = expected["model"].partition(":")
    keras.utils.clear_session()
    model = getattr(importlib.import_module(module), factory)()
    rules = ROOT / expected["rules"] if expected.get("rules") else ()
    return expected, model, plan_migration(GOLDENS / expected["golden"], model, rules)


@pytest.mark.parametrize("name", MAPS)
def test_the_plan_is_complete_and_as_expected(name):
    expected, _, plan = _planned(name)
    assert plan.complete, "\n".join(map(str, plan.problems))
    found = {f.target: (list(f.sources), f.layout) for f in plan.fills}
    wanted = {t: (f["sources"], f["layout"]) for t, f in expected["fills"].items()}
    assert {t: s for t, (s, _) in found.items()} == {t: s for t, (s, _) in wanted.items()}
    for target, (_, layout) in found.items():
        assert (layout == "identity") == (wanted[target][1] == "identity"), target


@pytest.mark.parametrize("name", MAPS)
def test_outputs_are_those_of_tensorflow_1(name):
    expected, model, plan = _planned(name)
    convert(plan, model)
    recording = load_recording(GOLDENS / expected["golden"] / expected["record"])
    found = verify(plan, model, recording=recording, tolerance=TOLERANCE)
    assert found.equal, str(found)
    assert found.weights == len(index_model(model)) - len(plan.keeps)
    assert len(found.outputs) == len(recording.outputs)


def test_rules_files_hold_at_most_five_rules():
    for path in (ROOT / "examples").glob("**/*.toml"):
        rules = [line for line in path.read_text().splitlines() if line.strip().startswith("{")]
        assert len(rules) <= 5, path


def test_the_v1_graph_itself_is_the_reference():
    golden = GOLDENS / "dense_siamese"
    recorded = load_recording(golden / "io.npz")
    again = record_graph(
        golden / "model.ckpt",
        inputs=recorded.inputs,
        outputs=list(recorded.outputs),
    )
    for (name, value), other in zip(recorded.outputs.items(), again.outputs.values(), strict=True):
        np.testing.assert_allclose(
            other, value, rtol=0, atol=1e-6 * np.abs(value).max(), err_msg=name
        )
