"""Every golden migrates onto its example model as its expected map says, and computes the same."""

import importlib
import json
import pathlib

import keras
import pytest

from tf1compat.keras3 import index_model
from tf1compat.migration import (
    convert,
    lint,
    load_recording,
    plan_migration,
    record_graph,
    verify,
)
from tf1compat.testing import assert_arrays_close

ROOT = pathlib.Path(__file__).parents[2]
GOLDENS = ROOT / "tests" / "goldens"
MAPS = sorted(path.stem for path in (GOLDENS / "expected").glob("*.json"))
TOLERANCE = 1e-5  # of the largest output


@pytest.fixture(scope="module", params=MAPS)
def planned(request):
    """Returns an expected map, its example model and the plan: made once for all tests of a map."""
    expected = json.loads((GOLDENS / "expected" / f"{request.param}.json").read_text())
    module, _, factory = expected["model"].partition(":")
    keras.utils.clear_session()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        model = getattr(importlib.import_module(module), factory)()
    rules = ROOT / expected["rules"] if expected.get("rules") else ()
    return expected, model, plan_migration(GOLDENS / expected["golden"], model, rules)


def test_the_plan_is_complete_and_as_expected(planned):
    expected, _, plan = planned
    assert plan.complete, "\n".join(map(str, plan.problems))
    found = {f.target: (list(f.sources), f.layout) for f in plan.fills}
    assert found == {t: (f["sources"], f["layout"]) for t, f in expected["fills"].items()}


def test_outputs_are_those_of_tensorflow_1(planned):
    expected, model, plan = planned
    convert(plan, model)
    recording = load_recording(GOLDENS / expected["golden"] / expected["record"])
    found = verify(plan, model, recording=recording, tolerance=TOLERANCE)
    assert found.equal, str(found)
    assert found.weights == len(index_model(model)) - len(plan.keeps)
    assert len(found.outputs) == len(recording.outputs)


def test_settings_are_said_where_they_differ_and_nowhere_else(planned):
    expected, model, plan = planned
    found = lint(plan, model)
    assert sum(found.compared.values()) > 1
    # the example leaves out what matters to training only
    known = {"slim_mobilenet": {"momentum of moving statistics 0.7 in the v1 graph, 0.99 in the"}}
    texts = {one.text.partition(" model")[0] for one in found.findings}
    assert texts == known.get(expected["golden"], set()), str(found)


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
    again_by_name = dict(zip(recorded.outputs, again.outputs.values(), strict=True))
    assert_arrays_close(again_by_name, dict(recorded.outputs), of_largest=1e-6)
