"""The first layer that differs is named, on a genuine checkpoint with its graph."""

import importlib
import pathlib
import shutil

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import SOURCE_FORMATS
from tf1compat.checkpoint.bundle.v2 import V2
from tf1compat.errors import UsageError
from tf1compat.keras3 import index_model
from tf1compat.migration import (
    convert,
    first_difference,
    load_recording,
    plan_migration,
    record_graph,
    verify,
)
from tf1compat.testing import assert_arrays_equal

ROOT = pathlib.Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "goldens" / "two_tower"
PREFIX = GOLDEN / "model.ckpt"


@pytest.fixture(scope="module")
def planned():
    """Returns a model, its plan and what the v1 graph computes: made once, as it takes a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        keras.utils.clear_session()
        model = importlib.import_module("examples.migrate_two_tower.model").build_model()
    plan = plan_migration(GOLDEN, model)
    recorded = load_recording(GOLDEN / "io.npz")
    recording = record_graph(PREFIX, inputs=recorded.inputs, outputs=list(recorded.outputs))
    return model, plan, recording


@pytest.fixture
def filled(planned):
    """Returns the same, the model filled anew: tests change its weights."""
    model, plan, recording = planned
    convert(plan, model)
    return model, plan, recording


def _first(filled):
    model, plan, recording = filled
    return first_difference(
        plan, index_model(model), prefix=PREFIX, recording=recording, tolerance=1e-5
    )


def test_no_layer_differs_after_a_right_conversion(filled):
    assert _first(filled) == ""


def test_the_layer_with_a_changed_weight_is_the_first(filled):
    model, _, _ = filled
    index = index_model(model)
    kernels = [w for w in index.values() if w.role == "kernel" and len(w.shape) == 2]
    changed = kernels[len(kernels) // 2]
    changed.variable.assign(changed.variable.numpy() + 0.5)
    assert _first(filled) == changed.layer_path


def test_a_layer_that_computes_nan_differs(filled):
    model, _, _ = filled
    index = index_model(model)
    changed = next(w for w in index.values() if w.role == "bias")
    changed.variable.assign(changed.variable.numpy() * np.nan)
    assert _first(filled) == changed.layer_path


def test_verify_reports_it_beside_the_outputs(filled):
    model, plan, recording = filled
    index = index_model(model)
    bias = next(w for w in index.values() if w.role == "bias")
    bias.variable.assign(bias.variable.numpy() + 1)
    found = verify(plan, model, recording=recording, v1_graph=PREFIX)
    assert not found.equal
    assert found.first_difference == bias.layer_path
    assert f"first layer that differs: {bias.layer_path}" in str(found)
    assert bias.path in {problem.name for problem in found.problems}


def test_outputs_that_differ_do_so_where_no_graph_tells_the_layer(filled, tmp_path):
    model, plan, recording = filled
    bias = next(w for w in index_model(model).values() if w.role == "bias")
    bias.variable.assign(bias.variable.numpy() + 1)
    for path in GOLDEN.glob("model.ckpt.[id]*"):
        shutil.copy(path, tmp_path)
    found = verify(plan, model, recording=recording, v1_graph=tmp_path / "model.ckpt")
    assert (found.equal, found.first_difference) == (False, "")
    assert "expected a .meta file beside it" in found.unpaired


def test_inputs_that_the_outputs_do_not_need_may_be_given(filled):
    _, _, recording = filled
    assert len(recording.inputs) == 2
    found = record_graph(PREFIX, inputs=recording.inputs, outputs=["query_vector"])
    assert_arrays_equal(found.outputs["query_vector"], recording.outputs["query_vector"])


class GraphElsewhere(V2):
    """V2, with the graph in a file of another name."""

    name = "toy"

    def graph_path(self, prefix):
        return f"{prefix}.graph"


def test_the_graph_is_where_the_format_has_it(filled, tmp_path):
    model, plan, recording = filled
    shutil.copytree(GOLDEN, tmp_path, dirs_exist_ok=True)
    (tmp_path / "model.ckpt.meta").rename(tmp_path / "model.ckpt.graph")
    prefix = tmp_path / "model.ckpt"
    where = {"prefix": prefix, "recording": recording, "tolerance": 1e-5}
    with pytest.raises(UsageError, match=r"model.ckpt: expected a \.meta file beside it"):
        record_graph(prefix, inputs=recording.inputs, outputs=["similarity"])
    with SOURCE_FORMATS.with_(GraphElsewhere()):
        again = record_graph(prefix, inputs=recording.inputs, outputs=list(recording.outputs))
        assert_arrays_equal(again.outputs, recording.outputs)
        assert first_difference(plan, index_model(model), **where) == ""


def test_a_tensor_that_is_not_there_is_named(filled):
    with pytest.raises(UsageError, match=r"expected a tensor named nothing:0.*nearest"):
        record_graph(PREFIX, inputs={}, outputs=["nothing"])


def test_a_graph_that_can_not_run_says_why(filled):
    _, _, recording = filled
    with pytest.raises(UsageError, match="the v1 graph didn't run"):
        record_graph(PREFIX, inputs={}, outputs=list(recording.outputs))
    bad = {name: np.zeros((2, 1), np.float32) for name in recording.inputs}
    with pytest.raises(UsageError, match="the v1 graph didn't run"):
        record_graph(PREFIX, inputs=bad, outputs=list(recording.outputs))
